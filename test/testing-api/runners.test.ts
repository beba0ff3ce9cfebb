import assert from 'node:assert/strict'
import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { notRunReason } from '../harness/clients.ts'
import { installLocked, lockedFolder } from '../setup/locked-packages.mjs'
import { type UserProject, userProject } from './user-project.ts'

const root = join(import.meta.dirname, '../..')

/** A project with the test runners of other projects; undefined if they cannot be installed, and the test is marked as not run. */
async function projectWithRunners(t: TestContext): Promise<UserProject | undefined> {
  await installLocked('runners', 'Vitest and Jest', { root, say: (line) => t.diagnostic(line) })
  const modules = join(lockedFolder('runners', root), 'node_modules')
  if (!existsSync(join(modules, '.bin/vitest'))) {
    const reason = `${notRunReason}Vitest and Jest`
    if (process.env['CI'] === 'true') throw new Error(reason)
    t.skip(reason)
    return undefined
  }
  const project = userProject()
  // Packages are looked up in the folders above a project, too.
  symlinkSync(modules, join(project.path, '../node_modules'))
  return project
}

/** The machine may be busy. Jest has the first option, too. */
const timeouts = ['--testTimeout=600000', '--hookTimeout=600000'] as const

/** The workers in the output of a runner, and their servers. */
function serversIn(output: string): { readonly processes: Set<string>; readonly urls: Set<string> } {
  const found = [...output.matchAll(/server of (\d+): (https:\S+)/g)]
  return {
    processes: new Set(found.map(([, pid = '']) => pid)),
    urls: new Set(found.map(([, , url = '']) => url)),
  }
}

test('each of two parallel workers of Vitest has a server, and a failed test writes the log and the denials', async (t) => {
  using project = await projectWithRunners(t)
  if (project === undefined) return
  for (const name of ['first', 'second']) project.add('vitest.mjs', `${name}.test.mjs`)
  const vitest = join(project.path, '../node_modules/vitest/vitest.mjs')
  const args = [vitest, 'run', '--maxWorkers=2', '--no-cache', '--reporter=verbose', ...timeouts]
  const ran = await project.run(process.execPath, args)
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`)
  const { processes, urls } = serversIn(`${ran.stdout}${ran.stderr}`)
  assert.deepEqual([processes.size, urls.size], [2, 2])
  assert.doesNotMatch(`${ran.stdout}${ran.stderr}`, /the log during the test/)

  const failed = await project.run('/usr/bin/env', ['FAIL=yes', process.execPath, ...args, 'first'])
  assert.equal(failed.code, 1, failed.stdout)
  assert.match(`${failed.stdout}${failed.stderr}`, /acrux: the last denials:\n.*pull team\/app/)
})

test('files of one worker of Jest share a server', async (t) => {
  using project = await projectWithRunners(t)
  if (project === undefined) return
  for (const name of ['first', 'second']) project.add('jest.cjs', `${name}.test.cjs`)
  const jest = join(project.path, '../node_modules/jest/bin/jest.js')
  const args = ['--runInBand', '--no-cache', '--testMatch', '**/*.test.cjs', '--testEnvironment', 'node', timeouts[0]]
  const ran = await project.run(process.execPath, [jest, ...args])
  assert.equal(ran.code, 0, `${ran.stdout}${ran.stderr}`)
  const { processes, urls } = serversIn(ran.stderr)
  assert.deepEqual([processes.size, urls.size], [1, 1])
})
