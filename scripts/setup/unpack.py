"""Takes the named files and folders out of a wheel: unpack.py WHEEL TARGET PREFIX...

Python is there because pip is; an `unzip` program often is not.
"""

import sys
import zipfile


def main(wheel: str, target: str, *prefixes: str) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = [
            name
            for name in archive.namelist()
            if any(name == prefix or (prefix.endswith("/") and name.startswith(prefix)) for prefix in prefixes)
        ]
        missing = [p for p in prefixes if not any(name == p or name.startswith(p) for name in names)]
        if missing:
            sys.exit(f"not in the wheel: {', '.join(missing)}")
        archive.extractall(target, names)


main(*sys.argv[1:])
