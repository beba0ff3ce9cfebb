/**
 * `npm run docs`: builds the documents into the file that the server reads: the pages of docs/, and the references that the code
 * generates. With `--check`, it writes nothing; with `--changed`, it builds only if a source has changed.
 */
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ensureDependencies, environment, main, nodeBinary, root, runInherited, SetUpFailed } from './set-up.mjs'

/** Builds the documents, unless they were built from the same files. */
export async function ensureDocs() {
  if ((await build(['--changed'])) !== 0) throw new SetUpFailed('the documents were not built')
}

/** @param {readonly string[]} args */
function build(args) {
  return runInherited(nodeBinary(), [join(root, 'scripts/docs/pack.ts'), ...args], { env: environment() })
}

if (realpathSync(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  await main(async (args) => {
    await ensureDependencies()
    return build(args)
  })
}
