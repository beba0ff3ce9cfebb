import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { mustRun } from '../harness/clients.ts'
import { tempDir } from '../harness/temp-dir.ts'

const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url))

/** The packages as a build wrote them, in a folder that is gone when it is disposed of. */
export interface Built extends Disposable {
  /** The path of the only file whose name matches. */
  file(name: RegExp): string
}

/** Builds artefacts as `npm run build` does, but compresses less. */
export async function build(...artefacts: readonly string[]): Promise<Built> {
  const folder = tempDir('packages')
  // A build downloads Node: it needs what this machine sets for that, such as a proxy or further certificate authorities.
  const env = Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value = '']) => (name.startsWith('ACRUX_') ? [] : [[name, value]])),
  )
  try {
    await mustRun(process.execPath, [script, '--fast', '--out', folder.path, ...artefacts], { env, timeoutMs: 600_000 })
  } catch (cause) {
    folder.remove()
    throw cause
  }
  return {
    file(name) {
      const [found, ...others] = readdirSync(folder.path).filter((each) => name.test(each))
      if (found === undefined || others.length > 0)
        throw new Error(`the build does not have exactly one file ${name.source}`)
      return join(folder.path, found)
    },
    [Symbol.dispose]: () => folder.remove(),
  }
}
