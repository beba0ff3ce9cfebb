import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { otherNames } from '../../cli/src/called-as.ts'
import { packagedFiles, version } from './bundle.ts'
import { preparedArchiveName, writePrepared } from './prepared-archive.ts'

/** The main file of the program. */
export const launcher = join(import.meta.dirname, 'launcher.cjs')

/**
 * The name under which users install the npm package; with {@link importedName} as an alias, imports are the same for a package file. The
 * name `acrux` of the public registry belongs to others, so no document may install it.
 */
export const publishedName = '@acrux/acrux'

/** The name of the package in its file and in imports. */
export const importedName = 'acrux'

/** The content of the program's `package.json`. Everything is bundled: it has no dependencies. */
const description = {
  name: importedName,
  version,
  description: "A self-hosted container registry that supports Azure Container Registry's authentication.",
  license: 'Apache-2.0',
  type: 'module',
  bin: Object.fromEntries(['acrux', ...otherNames].map((name) => [name, 'acrux.cjs'])),
  exports: {
    './testing': {
      import: { types: './lib/types/testing.d.mts', default: './lib/testing.mjs' },
      require: { types: './lib/types/testing.d.cts', default: './lib/testing.cjs' },
    },
    './package.json': './package.json',
  },
  engines: { node: '>=24.15' },
}

/** Writes the program to a folder, with the files that it reads: `acrux.cjs` runs it. `files` are those of `bundleModules`. */
export async function writeProgram(folder: string, files: readonly import('./bundle.ts').BundledFile[]) {
  for (const name of ['lib', 'assets']) mkdirSync(join(folder, name), { recursive: true })
  for (const { fileName, code } of files) writeFileSync(join(folder, 'lib', fileName), code)
  // From a file in lib, `../assets/NAME` is the path that the source has too.
  for (const file of packagedFiles) copyFileSync(file, join(folder, 'assets', basename(file)))
  await writePrepared(join(folder, 'assets', preparedArchiveName))
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(description, undefined, 2)}\n`)
  copyFileSync(launcher, join(folder, 'acrux.cjs'))
  chmodSync(join(folder, 'acrux.cjs'), 0o755)
}
