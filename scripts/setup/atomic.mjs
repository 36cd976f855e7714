import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces a file by rename: a running process that has the old one loaded keeps its inode. */
export function writeAtomically(path, content) {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}.tmp`
  writeFileSync(temporary, content)
  renameSync(temporary, path)
}

/** Copies unless the target has the same bytes already. */
export function installFile(source, target) {
  const bytes = readFileSync(source)
  try {
    if (bytes.equals(readFileSync(target))) return
  } catch {
    // not there yet
  }
  mkdirSync(dirname(target), { recursive: true })
  const temporary = `${target}.${process.pid}.tmp`
  copyFileSync(source, temporary)
  renameSync(temporary, target)
}

/** Moves a finished folder into place. Another process may have been faster: then its result is kept. */
export function moveFolder(source, target) {
  mkdirSync(dirname(target), { recursive: true })
  try {
    renameSync(source, target)
  } catch (error) {
    if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error
    rmSync(source, { recursive: true, force: true })
  }
}

export function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}
