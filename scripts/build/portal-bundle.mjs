/**
 * Bundles the portal in the folder that the argument names: the files to `dist/files`, and the paths of all modules in them to
 * `dist/modules.json`, for the notices of third parties.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = process.argv[2] ?? ''

/** The packages of the portal are its own. @type {{ build: (options: object) => Promise<unknown> }} */
const { build } = await import(pathToFileURL(join(folder, 'node_modules/vite/dist/node/index.js')).href)
const { output } = /** @type {{ output: { moduleIds?: string[] }[] }} */ (
  await build({ root: folder, logLevel: 'warn' })
)
const modules = new Set(output.flatMap(({ moduleIds = [] }) => moduleIds))
writeFileSync(join(folder, 'dist/modules.json'), JSON.stringify([...modules].toSorted()))
