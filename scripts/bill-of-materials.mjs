import { spawnSync } from 'node:child_process'
import { root, SetUpFailed } from './set-up.mjs'

/**
 * @typedef {{ 'bom-ref': string }} Component
 *
 * @typedef {{ components: Component[], dependencies: { ref: string, dependsOn?: string[] }[] }} Bill A bill of materials.
 */

/**
 * The output of an npm command, whatever its exit code.
 *
 * @param {string[]} args
 */
export function npm(...args) {
  const { stdout, error } = spawnSync('npm', args, {
    cwd: root,
    encoding: 'utf8',
    timeout: 120_000,
    maxBuffer: 2 ** 26,
  })
  if (error !== undefined) throw new SetUpFailed(`cannot run npm: ${error.message}`)
  return stdout
}

/**
 * The components that `acrux` needs at run time. npm's own `--omit=dev` also omits those that the tests need too.
 *
 * @param {Bill} bill
 * @returns {Bill}
 */
function runtimeOnly({ components, dependencies, ...bill }) {
  const dependsOn = new Map(dependencies.map(({ ref, dependsOn: refs }) => [ref, refs]))
  const reached = new Set(
    components.filter((one) => one['bom-ref'].startsWith('@acrux/cli@')).map((found) => found['bom-ref']),
  )
  for (const ref of reached) for (const next of dependsOn.get(ref) ?? []) reached.add(next)
  return {
    ...bill,
    components: components.filter((component) => reached.has(component['bom-ref'])),
    dependencies: dependencies.filter(({ ref }) => reached.has(ref)),
  }
}

/** The software bill of materials (CycloneDX) of the program, without Node. */
export function billOfProgram() {
  const all = npm('sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only')
  return runtimeOnly(/** @type {Bill} */ (JSON.parse(all)))
}
