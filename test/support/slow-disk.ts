import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { unlessAvailable } from './requirement.js'

/** As from a disk that takes that long to make anything last. */
const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int fdatasync(int file) {
  int (*sync)(int) = (int (*)(int)) dlsym(RTLD_NEXT, "fdatasync");
  long ms = atol(getenv("SLOW_DISK_MS"));
  struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&pause, NULL);
  return sync(file);
}
`

/** For a test's `skip`. */
export const withoutSlowDisk =
  process.platform === 'linux'
    ? unlessAvailable(hasCompiler(), 'a C compiler')
    : 'Linux loads it before the C library'

/** Environment of a process whose disk takes so long for whatever is to last. @param dir for what is compiled */
export function slowDisk(dir: string, ms: number): Record<string, string> {
  const source = join(dir, 'slow-disk.c')
  const library = join(dir, 'slow-disk.so')
  writeFileSync(source, SOURCE)
  execFileSync('cc', ['-shared', '-fPIC', '-o', library, source, '-ldl'], { stdio: 'pipe' })
  return { LD_PRELOAD: library, SLOW_DISK_MS: String(ms) }
}

function hasCompiler(): boolean {
  try {
    execFileSync('cc', ['--version'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
