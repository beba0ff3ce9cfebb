/**
 * `npm run portal`: installs the packages of the portal and builds it into one file, which the server reads. With `--install`, it
 * only installs.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { environment, main, nodeBinary, root, runInherited, say, SetUpFailed } from './set-up.mjs'

const folder = join(root, 'portal')
const stampFile = join(folder, 'node_modules', '.acrux-lock')
const output = join(root, 'server/src/portal-host/assets/portal.json')
const bundler = join(import.meta.dirname, 'build/portal-bundle.mjs')
/** The hash of what the portal was built from. */
const builtFrom = join(folder, 'dist', '.acrux-sources')

/** @type {Readonly<Record<string, string>>} */
const contentTypes = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

/** Installs the packages of the portal's lock file, unless they are installed already. */
export async function ensurePortalDependencies() {
  const hash = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash) return
  say('installing the packages of the portal (470 MB) …')
  const code = await runInherited('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  if (code !== 0) throw new SetUpFailed('npm could not install the packages of the portal')
  writeFileSync(stampFile, hash)
}

/** Builds the portal, unless it was built from the same files. */
export async function ensurePortal() {
  if (!isPortalBuilt()) await buildPortal()
}

/** Whether the portal was built from the files that are here. */
export function isPortalBuilt() {
  return existsSync(output) && existsSync(builtFrom) && readFileSync(builtFrom, 'utf8') === hashOfSources()
}

/** Builds the portal into one file. */
async function buildPortal() {
  await ensurePortalDependencies()
  const code = await runInherited(nodeBinary(), [bundler, folder])
  if (code !== 0) throw new SetUpFailed('the portal was not built')
  const files = Object.fromEntries(builtFiles(join(folder, 'dist/files')).map(packed))
  requireSmallFirstView(files)
  mkdirSync(join(output, '..'), { recursive: true })
  // In one step: a running server may read it.
  writeFileSync(`${output}.new`, JSON.stringify({ files }))
  renameSync(`${output}.new`, output)
  writeFileSync(builtFrom, hashOfSources())
  say(`wrote ${relative(root, output)}`)
}

function hashOfSources() {
  const settings = ['index.html', 'package-lock.json', 'vite.config.ts'].map((name) => join(folder, name))
  const hash = createHash('sha256')
  for (const file of [...sources(), ...settings, bundler].toSorted())
    hash.update(`${file}\n`).update(readFileSync(file))
  return hash.digest('hex')
}

/** The files of the portal and of `shared`, without their tests. */
function sources() {
  return [join(folder, 'src'), join(root, 'shared/src')].flatMap((sources) =>
    readdirSync(sources, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.test.ts'))
      .map((entry) => join(entry.parentPath, entry.name)),
  )
}

/** The most that a browser may load before the first view is there. */
const maxFirstViewKib = 400

/** @param {Readonly<Record<string, { readonly brotli: string }>>} files */
function requireSmallFirstView(files) {
  /** @type {string[]} */
  const names = JSON.parse(readFileSync(join(folder, 'dist/first-view.json'), 'utf8'))
  const bytes = names.reduce((sum, name) => sum + Buffer.byteLength(files[name]?.brotli ?? '', 'base64'), 0)
  const kib = Math.ceil(bytes / 1024)
  say(`the first view is ${kib} KiB compressed`)
  if (kib > maxFirstViewKib) throw new SetUpFailed(`the first view has more than ${maxFirstViewKib} KiB`)
}

/** @param {string} dist */
function builtFiles(dist) {
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
    .map((file) => ({ path: relative(dist, file).replaceAll(sep, '/'), content: readFileSync(file) }))
}

/**
 * A file with its encodings.
 *
 * @param {{ path: string, content: Buffer }} file
 * @returns {[path: string, file: { contentType: string, isHashed: boolean, brotli: string, gzip: string }]}
 */
function packed({ path, content }) {
  const contentType = contentTypes[extname(path)]
  if (contentType === undefined) throw new SetUpFailed(`the portal contains ${path}, whose type is unknown`)
  const isHashed = path.startsWith('assets/')
  if (path !== path.toLowerCase() && isHashed && !/-[0-9a-f]+\.\w+$/.test(path))
    throw new SetUpFailed(`the name ${path} depends on case`)
  const brotli = brotliCompressSync(content, {
    params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length },
  })
  return [
    path,
    {
      contentType,
      isHashed,
      brotli: brotli.toString('base64'),
      gzip: gzipSync(content, { level: 9 }).toString('base64'),
    },
  ]
}

if (process.argv[1] === import.meta.filename) {
  await main(async (args) => {
    await (args.includes('--install') ? ensurePortalDependencies() : buildPortal())
    return 0
  })
}
