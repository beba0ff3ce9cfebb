import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { rolldown } from 'rolldown'
import { root } from '../set-up.mjs'

/** A file of a bundle. */
export type BundledFile = { readonly fileName: string; readonly code: string; readonly moduleIds: readonly string[] }

/** The module whose export `main` is the program. */
const program = join(root, 'cli/src/called-as.ts')

/** `acrux/testing`. */
const testing = join(root, 'testing/src/testing.ts')

/** What the launcher calls before it loads the program. */
const compileCache = join(root, 'cli/src/framework/environment/compile-cache.ts')

/** Used by `pg` only if it is installed. */
const external = ['pg-native']

/** The built portal and documents. `npm run build` builds them first; the program of the tests may be without. */
const built = ['portal.json', 'docs.json'].map((name) => join(root, 'server/src/portal-host/assets', name))

/** The files that the program reads at run time, as `readPackagedFile` names them. */
export const packagedFiles = [
  ...['style.css', 'passkey.js', 'submit.js', 'recovery-codes.js', 'one-time-link.js'].map((name) =>
    join(root, 'server/src/sign-in/assets', name),
  ),
  ...built.filter((file) => existsSync(file)),
]

/**
 * A plug-in that renames the modules of threads in the code that starts them: a bundle contains each as a file of its own,
 * beside the file that starts it.
 */
function threads(
  extension: string,
  onThread: (context: import('rolldown').PluginContext, file: string) => void,
): import('rolldown').Plugin {
  return {
    name: 'threads',
    transform(code, id) {
      if (!id.startsWith(root) || !id.endsWith('.ts')) return undefined
      return code.replaceAll(/new URL\('(?:\.\/)?([\w-]+)\.ts', import\.meta\.url\)/g, (_, name) => {
        onThread(this, join(id, '..', `${name}.ts`))
        return `new URL('./${name}.${extension}', import.meta.url)`
      })
    },
  }
}

/** Node's own modules, imported dynamically by a package: an executable cannot do that, and has them in any case. */
const builtIns: import('rolldown').Plugin = {
  name: 'built-ins',
  transform: (code) =>
    code.includes('import(')
      ? code.replaceAll(/\bimport\((["'])(node:[\w/]+)\1\)/g, "Promise.resolve(process.getBuiltinModule('$2'))")
      : undefined,
}

/**
 * Loads `node:http` as a CommonJS module. An import by an ECMAScript module reads all its exports: that of WebSocket loads a client
 * of Node's, which takes a seventh of the processor time of a start.
 */
const httpWithoutWebSocket: import('rolldown').Plugin = {
  name: 'http-without-web-socket',
  resolveId: (id) => (id === 'node:http' || id === 'http' ? '\0http.cjs' : undefined),
  load: (id) => (id === '\0http.cjs' ? "module.exports = process.getBuiltinModule('node:http')" : undefined),
}

function filesOf({ output }: import('rolldown').RolldownOutput): BundledFile[] {
  return output.map((file) => {
    if (file.type !== 'chunk') throw new Error(`the bundle contains ${file.fileName}, which is no code`)
    return { fileName: file.fileName, code: file.code, moduleIds: file.moduleIds }
  })
}

/**
 * The files of the program as ECMAScript modules, threads included: `acrux.mjs` exports `main`. The launcher calls `compile-cache.cjs`, and
 * tests of users import `testing.mjs` or `testing.cjs`.
 */
export async function bundleModules() {
  const plugins = [
    threads('mjs', (context, file) => {
      context.emitFile({ type: 'chunk', id: file, fileName: `${basename(file, '.ts')}.mjs` })
    }),
    httpWithoutWebSocket,
  ]
  const bundle = await rolldown({ input: { acrux: program }, platform: 'node', external, plugins })
  const output = await bundle.generate({
    format: 'esm',
    minify: true,
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name]-[hash].mjs',
  })
  await bundle.close()
  return [
    ...filesOf(output),
    await bundleAlone(compileCache),
    // Stack traces of users' tests show its code.
    await bundleAlone(testing, { extension: 'mjs', minify: false }),
    await bundleAlone(testing, { minify: false }),
  ]
}

/** The files of the program for a single-file executable: CommonJS, of which `acrux.cjs` exports `main`, and each thread as one file. */
export async function bundleForExecutable() {
  const threadFiles: Set<string> = new Set()
  const plugins = [threads('cjs', (_context, file) => threadFiles.add(file)), builtIns]
  const bundle = await rolldown({ input: { acrux: program }, platform: 'node', external, plugins })
  const output = await bundle.generate({
    format: 'cjs',
    minify: true,
    entryFileNames: '[name].cjs',
    chunkFileNames: '[name]-[hash].cjs',
  })
  await bundle.close()
  const [dynamic] = output.output.filter((file) => file.type === 'chunk' && /\bimport\(["'`]/.test(file.code))
  if (dynamic !== undefined)
    throw new Error(`${dynamic.fileName} imports a module dynamically, which the executable cannot do`)
  return { program: filesOf(output), threads: await Promise.all([...threadFiles].map((file) => bundleAlone(file))) }
}

/** The form of a file: a minified CommonJS module by default. */
type Form = { readonly extension?: 'cjs' | 'mjs'; readonly minify?: boolean }

/** One file with everything that the module imports. */
export async function bundleAlone(file: string, { extension = 'cjs', minify = true }: Form = {}): Promise<BundledFile> {
  const bundle = await rolldown({ input: file, platform: 'node', external })
  const output = await bundle.generate({
    format: extension === 'cjs' ? 'cjs' : 'esm',
    minify,
    codeSplitting: false,
    entryFileNames: `[name].${extension}`,
  })
  await bundle.close()
  const [only, ...others] = filesOf(output)
  if (only === undefined || others.length > 0) throw new Error(`${file} was bundled into several files`)
  return only
}

/** The version of what is built. */
export const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version
