/** `npm run check`: every check that does not run the product. All checks run, even after one has failed. */
import { performance } from 'node:perf_hooks'
import { ensurePortalDependencies } from './portal.mjs'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited } from './set-up.mjs'

const bin = `${root}/node_modules/.bin`

/**
 * The Node is a parameter, since the set-up may have installed it just now.
 *
 * @type {readonly { name: string, command: (node: string) => [program: string, ...args: string[]] }[]}
 */
const checks = [
  { name: 'format', command: () => [`${bin}/prettier`, '--check', '--log-level=warn', '.'] },
  { name: 'types', command: () => [`${bin}/tsc`, '--noEmit', '-p', '.'] },
  { name: 'types of the portal', command: () => [`${bin}/tsc`, '--noEmit', '-p', 'portal'] },
  { name: 'types of its tests', command: () => [`${bin}/tsc`, '--noEmit', '-p', 'portal/tsconfig.tests.json'] },
  { name: 'lint', command: () => [`${bin}/oxlint`, '--type-aware', '--deny-warnings'] },
  { name: 'modules', command: (node) => [node, '--test', '--test-reporter=dot', 'server/src/modules.test.ts'] },
  { name: 'texts', command: (node) => [node, '--test', '--test-reporter=dot', 'test/texts.test.ts'] },
  { name: 'dead code', command: () => [`${bin}/knip`] },
  {
    name: 'spelling',
    command: () => [`${bin}/cspell`, 'lint', '--config=cspell.json', '--no-progress', '--no-summary', '**/*.md'],
  },
  { name: 'generated files', command: (node) => [node, 'scripts/generate.mjs', '--check'] },
]

await main(async () => {
  await ensureDependencies()
  await ensurePortalDependencies()
  const env = environment()
  /** @type {string[]} */
  const failed = []
  for (const { name, command } of checks) {
    const began = performance.now()
    const [program, ...args] = command(nodeBinary())
    const code = await runInherited(program, args, { env })
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    process.stdout.write(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)\n`)
    if (code !== 0) failed.push(name)
  }
  if (failed.length > 0) process.stdout.write(`failed: ${failed.join(', ')}\n`)
  return failed.length === 0 ? 0 : 1
})
