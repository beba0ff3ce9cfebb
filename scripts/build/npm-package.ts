import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nodeBinary, root } from '../set-up.mjs'
import { bundleModules } from './bundle.ts'
import { writeCompletions } from './completions.ts'
import { mustRun } from './must-run.ts'
import { thirdPartyNotices } from './notices.ts'
import { writeProgram } from './program.ts'
import { writeTestingTypes } from './testing-types.ts'

/** Writes the npm package as `acrux-VERSION.tgz`. */
export async function buildNpmPackage({ dist, work }: { readonly dist: string; readonly work: string }) {
  const folder = join(work, 'npm')
  const files = await bundleModules()
  await writeProgram(folder, files)
  writeTestingTypes(join(folder, 'lib', 'types'))
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES'), thirdPartyNotices(files))
  for (const name of ['LICENSE', 'README.md']) copyFileSync(join(root, name), join(folder, name))
  writeCompletions([nodeBinary(), join(folder, 'acrux.cjs')], join(folder, 'completions'))
  return join(dist, mustRun('npm', ['pack', '--silent', '--pack-destination', dist], { cwd: folder }).trim())
}
