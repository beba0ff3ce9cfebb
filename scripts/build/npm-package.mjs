import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { otherNames } from '../../cli/src/called-as.ts'
import { nodeBinary, root } from '../set-up.mjs'
import { bundleModules, packagedFiles, version } from './bundle.mjs'
import { writeCompletions } from './completions.mjs'
import { mustRun } from './must-run.mjs'
import { thirdPartyNotices } from './notices.mjs'

/** The content of the package's `package.json`. Everything is bundled: it has no dependencies. */
const description = {
  name: 'acrux',
  version,
  description: "A self-hosted container registry that speaks Azure Container Registry's authentication.",
  license: 'Apache-2.0',
  type: 'module',
  bin: Object.fromEntries(['acrux', ...otherNames].map((name) => [name, 'acrux.cjs'])),
  engines: { node: '>=24.15' },
}

/**
 * Writes the npm package as `acrux-VERSION.tgz`.
 *
 * @param {{ readonly dist: string, readonly work: string }} to
 */
export async function buildNpmPackage({ dist, work }) {
  const folder = join(work, 'npm')
  for (const name of ['lib', 'assets']) mkdirSync(join(folder, name), { recursive: true })
  const files = await bundleModules()
  for (const { fileName, code } of files) writeFileSync(join(folder, 'lib', fileName), code)
  // From a file in lib, `../assets/NAME` is the path that the source has too.
  for (const file of packagedFiles) copyFileSync(file, join(folder, 'assets', basename(file)))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(description, undefined, 2)}\n`)
  writeFileSync(join(folder, 'THIRD-PARTY-NOTICES'), thirdPartyNotices(files))
  for (const name of ['LICENSE', 'README.md']) copyFileSync(join(root, name), join(folder, name))
  copyFileSync(join(import.meta.dirname, 'launcher.cjs'), join(folder, 'acrux.cjs'))
  chmodSync(join(folder, 'acrux.cjs'), 0o755)
  writeCompletions([nodeBinary(), join(folder, 'acrux.cjs')], join(folder, 'completions'))
  return join(dist, mustRun('npm', ['pack', '--silent', '--pack-destination', dist], { cwd: folder }).trim())
}
