/**
 * `npm run check`: every check that does not run the product. All checks run, even after one has failed: two at a time, since some
 * use one processor only.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { ensurePortalDependencies } from './portal.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

const bin = `${root}/node_modules/.bin`

/**
 * The Node is a parameter, since the set-up may have installed it just now. Checks that read no package of the portal start before
 * these are installed.
 *
 * @typedef {{
 *   readonly name: string,
 *   readonly withoutPortal?: true,
 *   readonly command: (node: string) => [program: string, ...args: string[]],
 * }} Check
 *
 * @type {readonly Check[]}
 */
const checks = [
  { name: 'format', withoutPortal: true, command: () => [`${bin}/prettier`, '--check', '--log-level=warn', '.'] },
  {
    name: 'spelling',
    withoutPortal: true,
    command: () => [`${bin}/cspell`, 'lint', '--config=cspell.json', '--no-progress', '--no-summary', '**/*.md'],
  },
  { name: 'types', command: () => [`${bin}/tsc`, '--noEmit', '-p', '.'] },
  { name: 'types of the portal', command: () => [`${bin}/tsc`, '--noEmit', '-p', 'portal'] },
  {
    name: 'types of the tests of the portal',
    command: () => [`${bin}/tsc`, '--noEmit', '-p', 'portal/tsconfig.tests.json'],
  },
  { name: 'lint', command: () => [`${bin}/oxlint`, '--type-aware', '--deny-warnings'] },
  { name: 'modules', command: (node) => [node, '--test', '--test-reporter=dot', 'test/structure/modules.test.ts'] },
  { name: 'texts', command: (node) => [node, '--test', '--test-reporter=dot', 'test/texts.test.ts'] },
  { name: 'dead code', command: () => [`${bin}/knip`] },
  { name: 'generated files', command: (node) => [node, 'scripts/generate.mjs', '--check'] },
  { name: 'documents', command: (node) => [node, 'scripts/docs.mjs', '--check'] },
]

/**
 * Runs a check, and prints what it printed and its result. Returns whether it succeeded.
 *
 * @param {Check} check
 * @param {string} folder For its output.
 */
async function runCheck({ name, command }, folder) {
  const began = performance.now()
  const [program, ...args] = command(nodeBinary())
  const file = join(folder, name)
  const output = openSync(file, 'w')
  const code = await runInherited(program, args, { env: environment(), stdio: ['ignore', output, output] })
  closeSync(output)
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  process.stdout.write(`${readFileSync(file, 'utf8')}${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`)
  return code === 0
}

await main(async () => {
  await ensureDependencies()
  const portal = ensurePortalDependencies()
  portal.catch(() => undefined)
  const folder = mkdtempSync(join(tmpdir(), 'acrux-check-'))
  /** @type {string[]} */
  const failed = []
  const waiting = [...checks]
  const runNext = async () => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      if (check.withoutPortal !== true) await portal
      if (!(await runCheck(check, folder))) failed.push(check.name)
    }
  }
  try {
    await Promise.all([runNext(), runNext()])
  } finally {
    rmSync(folder, { recursive: true })
  }
  if (failed.length > 0) process.stdout.write(`failed: ${failed.join(', ')}\n`)
  return failed.length === 0 ? 0 : 1
})
