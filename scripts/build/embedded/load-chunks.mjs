import { Script } from 'node:vm'

/**
 * Where the program's files are: `folder` is the path that they have for themselves.
 *
 * @typedef {{
 *   readonly folder: string,
 *   readonly readCode: (name: string) => string,
 *   readonly readCodeCache: (name: string) => Buffer | undefined,
 * }} Source
 */

/**
 * Returns functions that compile and run CommonJS files by name, each once.
 *
 * @param {Source} source
 */
export function createLoader({ folder, readCode, readCodeCache }) {
  /** @type {Map<string, { exports: any }>} */
  const modules = new Map()
  /** @type {Map<string, Script>} */
  const scripts = new Map()

  /** @param {string} name */
  function compile(name) {
    const known = scripts.get(name)
    if (known !== undefined) return known
    const cachedData = readCodeCache(name)
    const script = new Script(`(function (exports, require, module, __filename) {${readCode(name)}\n})`, {
      filename: `${folder}/${name}`,
      ...(cachedData !== undefined && { cachedData }),
    })
    scripts.set(name, script)
    return script
  }

  /** @param {string} name */
  function load(name) {
    const known = modules.get(name)
    if (known !== undefined) return known.exports
    const module = { exports: {} }
    modules.set(name, module)
    compile(name).runInThisContext()(module.exports, require, module, `${folder}/${name}`)
    return module.exports
  }

  /** @param {string} id */
  function require(id) {
    if (id.startsWith('./')) return load(id.slice(2))
    const builtin = process.getBuiltinModule(id)
    if (builtin === undefined) throw Object.assign(new Error(`there is no module ${id}`), { code: 'MODULE_NOT_FOUND' })
    return builtin
  }

  return { compile, load }
}
