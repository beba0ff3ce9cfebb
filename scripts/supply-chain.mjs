/**
 * `npm run supply-chain`: checks the lock files and the known vulnerabilities of its packages, and writes the software bill of
 * materials (CycloneDX) of what is distributed to `dist/acrux.cdx.json`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { billOfProgram, npm } from './bill-of-materials.mjs'
import { advisories, lockFaults } from './lock-faults.mjs'
import { main, root, say } from './set-up.mjs'

await main(() => {
  const faults = ['package-lock.json', 'portal/package-lock.json'].flatMap((file) =>
    lockFaults(JSON.parse(readFileSync(join(root, file), 'utf8'))).map((fault) => `${file}: ${fault}`),
  )
  for (const fault of faults) say(fault)
  const { failed, text } = advisories(npm('audit', '--json', '--package-lock-only'))
  say(text)
  const bill = billOfProgram()
  mkdirSync(join(root, 'dist'), { recursive: true })
  writeFileSync(join(root, 'dist', 'acrux.cdx.json'), `${JSON.stringify(bill, undefined, 2)}\n`)
  say(`wrote dist/acrux.cdx.json: ${bill.components.length} components`)
  return faults.length > 0 || failed ? 1 : 0
})
