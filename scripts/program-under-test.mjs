import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { nodeBinary, root } from './set-up.mjs'

/** The main file that the black-box tests run: the caller's own, or a bundle of this tree, which starts in half the time. */
export function programUnderTest() {
  const given = process.env.ACRUX_TEST_MAIN
  if (given !== undefined && given !== '') return given
  const folder = join(root, 'node_modules', '.cache', 'acrux-test', 'program')
  const script = join(root, 'scripts', 'build', 'test-program.ts')
  return execFileSync(nodeBinary(), [script, folder], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}
