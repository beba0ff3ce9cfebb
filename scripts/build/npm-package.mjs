import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeBinary, root } from '../set-up.mjs'
import { bundleModules } from './bundle.mjs'
import { writeCompletions } from './completions.mjs'
import { mustRun } from './must-run.mjs'
import { thirdPartyNotices } from './notices.mjs'
import { writeProgram } from './program.mjs'

/**
 * Writes the npm package as `acrux-VERSION.tgz`.
 *
 * @param {{ readonly dist: string, readonly work: string }} to
 */
export async function buildNpmPackage({ dist, work }) {
  const folder = join(work, 'npm')
  const files = await bundleModules()
  writeProgram(folder, files)
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES'), thirdPartyNotices(files))
  for (const name of ['LICENSE', 'README.md']) copyFileSync(join(root, name), join(folder, name))
  writeCompletions([nodeBinary(), join(folder, 'acrux.cjs')], join(folder, 'completions'))
  return join(dist, mustRun('npm', ['pack', '--silent', '--pack-destination', dist], { cwd: folder }).trim())
}
