/**
 * Bundles the portal in the folder that the argument names: the files to `dist/files`, the paths of all modules in them to
 * `dist/modules.json`, for the notices of third parties, and the files of the first view to `dist/first-view.json`.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = process.argv[2] ?? ''

/** The packages of the portal are its own. @type {{ build: (options: object) => Promise<unknown> }} */
const { build } = await import(pathToFileURL(join(folder, 'node_modules/vite/dist/node/index.js')).href)
/** @typedef {{ fileName: string, moduleIds?: string[], imports?: string[], isEntry?: boolean, facadeModuleId?: string }} Built */
const { output } = /** @type {{ output: Built[] }} */ (await build({ root: folder, logLevel: 'warn' }))
const modules = new Set(output.flatMap(({ moduleIds = [] }) => moduleIds))
writeFileSync(join(folder, 'dist/modules.json'), JSON.stringify([...modules].toSorted()))

const firstView = new Set(['index.html', ...output.filter(isStyle).map(({ fileName }) => fileName)])
for (const chunk of output) {
  if (chunk.isEntry || chunk.facadeModuleId?.endsWith('/views/home/home.tsx')) addWithImports(chunk.fileName)
}
writeFileSync(join(folder, 'dist/first-view.json'), JSON.stringify([...firstView]))

/** @param {Built} file */
function isStyle({ fileName }) {
  return fileName.endsWith('.css')
}

/** @param {string} fileName */
function addWithImports(fileName) {
  if (firstView.has(fileName)) return
  firstView.add(fileName)
  const chunk = output.find((file) => file.fileName === fileName)
  for (const imported of chunk?.imports ?? []) addWithImports(imported)
}
