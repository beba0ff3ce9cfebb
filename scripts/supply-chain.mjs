/**
 * `npm run supply-chain`: checks the lock file and the known vulnerabilities of its packages, and writes the software bill of
 * materials (CycloneDX) of what is distributed to `dist/acrux.cdx.json`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { advisories, lockFaults } from './lock-faults.mjs'
import { main, root, say, SetUpFailed } from './set-up.mjs'

/**
 * @typedef {{ 'bom-ref': string }} Component
 *
 * @typedef {{ components: Component[], dependencies: { ref: string, dependsOn?: string[] }[] }} Bill A bill of materials.
 */

/** @param {string[]} args */
function npm(...args) {
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

function writeBillOfMaterials() {
  const all = JSON.parse(npm('sbom', '--sbom-format=cyclonedx', '--sbom-type=application', '--package-lock-only'))
  const bill = runtimeOnly(all)
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(join(root, 'dist', 'acrux.cdx.json'), `${JSON.stringify(bill, undefined, 2)}\n`)
  say(`wrote dist/acrux.cdx.json: ${bill.components.length} components`)
}

await main(() => {
  const faults = lockFaults(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  for (const fault of faults) say(`package-lock.json: ${fault}`)
  const { failed, text } = advisories(npm('audit', '--json', '--package-lock-only'))
  say(text)
  writeBillOfMaterials()
  return faults.length > 0 || failed ? 1 : 0
})
