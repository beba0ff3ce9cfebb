/** `npm run release`: checks that a version can be released, and tags it. The workflow of the tag builds and publishes the packages. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { notesOf, releaseFaults } from './release-faults.mjs'
import { environment, main, nodeBinary, root, runInherited, say } from './set-up.mjs'

const usage = `npm run release -- VERSION [--dry-run]
npm run release -- VERSION --notes

Checks that VERSION can be released, and creates its tag. Nothing is pushed.

  --dry-run  check only
  --notes    print the release notes, which are the section of VERSION in CHANGELOG.md

Examples:
  npm run release -- 0.1.0 --dry-run
  npm run release -- 0.1.0 && git push origin v0.1.0

Exit codes: 0 the version was tagged, or can be; 1 something speaks against it; 2 wrong usage.
`

/** @param {string[]} args */
function parse(args) {
  try {
    const options = /** @type {const} */ ({
      'dry-run': { type: 'boolean' },
      notes: { type: 'boolean' },
      help: { type: 'boolean' },
    })
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    const [version = '', ...others] = positionals
    if (values.help !== true && (others.length > 0 || !/^\d+\.\d+\.\d+$/.test(version))) return undefined
    return { ...values, version }
  } catch {
    return undefined
  }
}

await main(async () => {
  const options = parse(process.argv.slice(2))
  if (options === undefined || options.help === true) {
    ;(options === undefined ? process.stderr : process.stdout).write(usage)
    return options === undefined ? 2 : 0
  }
  const { version } = options
  const notes = notesOf(readFileSync(join(root, 'CHANGELOG.md'), 'utf8'), version)?.text ?? ''
  if (options.notes === true) {
    process.stdout.write(`${notes}\n`)
    return notes === '' ? 1 : 0
  }
  const faults = releaseFaults(root, version, new Date().toISOString().slice(0, 10))
  for (const fault of faults) say(fault)
  for (const check of ['check.mjs', 'supply-chain.mjs']) {
    const code = await runInherited(nodeBinary(), [join(root, 'scripts', check)], { env: environment() })
    if (code !== 0) faults.push(check)
  }
  if (faults.length > 0) return 1
  if (options['dry-run'] === true) {
    say(`${version} can be released`)
    return 0
  }
  const code = await runInherited(
    'git',
    ['tag', '--annotate', `v${version}`, '--message', `Acrux ${version}\n\n${notes}`],
    { cwd: root },
  )
  if (code === 0) say(`tagged v${version}. To publish it: git push origin v${version}`)
  return code
})
