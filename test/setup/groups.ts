import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { costOf } from './durations.ts'

/**
 * Seconds from which a file beside the code is slow: races and random sequences of requests, hashes of passwords, real waits, and
 * walks over all routes. `test:quick` leaves these files out.
 */
const slowSeconds = 0.8

/** Seconds from which a file beside the code has a process of its own. */
const aloneSeconds = 20

/** What shares a process: enough to share most imports, and little enough to keep little open, and the other processors busy. */
const perProcess = { files: 28, seconds: 12 }

/** Files are named by their paths from the root of the repository. */
function isShared(file: string): boolean {
  return !file.startsWith('test/') && costOf(file) < aloneSeconds
}

function isSlow(file: string): boolean {
  return costOf(file) >= slowSeconds
}

/**
 * The tests of a group wait until all its files are imported: whenever all known tests have ended, `node:test` runs the `after`
 * hooks of the files so far, also of those whose tests are still to come.
 */
const beginning = `import { before } from 'node:test'
const imported = Promise.withResolvers()
before(() => imported.promise)
try {
`
const end = `} finally {
  imported.resolve()
}
`

/** Divides files into those that share a process. */
function divide(files: readonly string[]): string[][] {
  const groups: string[][] = []
  let seconds = 0
  for (const file of files) {
    const last = groups.at(-1)
    if (last === undefined || last.length === perProcess.files || seconds + costOf(file) > perProcess.seconds) {
      groups.push([file])
      seconds = costOf(file)
    } else {
      last.push(file)
      seconds += costOf(file)
    }
  }
  return groups
}

/** Writes files whose paths begin with `name`, and that each import some test files. Returns the files of each, by its path. */
function writeGroups(files: readonly string[], name: string): ReadonlyMap<string, readonly string[]> {
  return new Map(
    divide(files).map((members, at) => {
      const imports = members.map((file) => `await import('${pathToFileURL(resolve(file)).href}')\n`)
      const path = `${name}-${at + 1}.test.mjs`
      writeFileSync(path, `${beginning}${imports.join('')}${end}`)
      return [path, members]
    }),
  )
}

/**
 * Writes files that each import some of the test files beside the code, which then run in one process: the import of the
 * server takes much of their time. Returns the groups of short files, the groups of slow files, and the files that run in
 * processes of their own: the longest, and the black-box tests.
 */
export function groupFiles(files: readonly string[], directory: string) {
  const { slowFiles = [], shortFiles = [] } = Object.groupBy(files.filter(isShared).sort(), (file) => {
    return isSlow(file) ? 'slowFiles' : 'shortFiles'
  })
  return {
    groups: writeGroups(shortFiles, join(directory, 'group')),
    slowGroups: writeGroups(slowFiles, join(directory, 'slow-group')),
    alone: files.filter((file) => !isShared(file)),
  }
}
