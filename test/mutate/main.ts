/** `npm run mutate`: plants each fault of the table in a copy of the repository, and requires that a test fails. */
import { execFile, spawn } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { tempDir } from '../harness/temp-dir.ts'
import type { Fault } from './fault.ts'
import { faults } from './faults.ts'

const usage = `npm run mutate -- [WORD…] [--list]

Plants single faults, one at a time, in a copy of the repository, and runs the tests that must notice them.
With words, only the faults whose file or description contains one of them.

  --list  print the faults with their tests, without planting them
  --help  print this text

Examples:
  npm run mutate
  npm run mutate -- storage "signing key"

Exit codes: 0 every fault was caught; 1 a fault survived, or a test fails without any fault; 2 wrong usage.
`
const root = fileURLToPath(new URL('../..', import.meta.url))
const timeoutMs = 600_000

/** Copies what is tracked or new, and shares the installed packages. */
async function copyRepository(target: string): Promise<void> {
  const listed = await promisify(execFile)('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    maxBuffer: 2 ** 26,
  })
  for (const file of listed.stdout.split('\0').filter(Boolean)) {
    mkdirSync(dirname(join(target, file)), { recursive: true })
    cpSync(join(root, file), join(target, file), { errorOnExist: false })
  }
  mkdirSync(join(target, 'node_modules'))
  for (const name of readdirSync(join(root, 'node_modules'))) {
    // The workspaces must be those of the copy.
    if (name !== '@acrux') symlinkSync(join(root, 'node_modules', name), join(target, 'node_modules', name))
  }
  mkdirSync(join(target, 'node_modules', '@acrux'))
  for (const name of ['cli', 'server', 'shared', 'test']) {
    symlinkSync(join(target, name), join(target, 'node_modules', '@acrux', name))
  }
}

/** Whether the tests pass in the copy: all tests of the files, or those with `only` in their titles. */
function passes(copy: string, { tests, only }: Pick<Fault, 'tests' | 'only'>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const pattern = only === undefined ? [] : [`--test-name-pattern=${only}`]
    const args = ['--test', '--test-reporter=dot', `--test-timeout=${timeoutMs}`, ...pattern, ...tests]
    const child = spawn(process.execPath, args, { cwd: copy, stdio: 'ignore', timeout: timeoutMs })
    child.once('error', reject)
    child.once('close', (code) => resolve(code === 0))
  })
}

/** Plants the fault, asks whether it is noticed, and removes it. */
async function isCaught(copy: string, fault: Fault): Promise<boolean> {
  const { file, find, replace } = fault
  const path = join(copy, file)
  const sound = readFileSync(path, 'utf8')
  writeFileSync(
    path,
    sound.replace(find, () => replace),
  )
  try {
    return !(await passes(copy, fault))
  } finally {
    writeFileSync(path, sound)
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) {
    process.stdout.write(usage)
    return 0
  }
  const chosen = faults.filter(
    ({ file, what }) => positionals.length === 0 || positionals.some((word) => `${file} ${what}`.includes(word)),
  )
  if (values.list) {
    for (const { file, what, tests } of chosen) process.stdout.write(`${file}: ${what}\n  ${tests.join('\n  ')}\n`)
    return 0
  }
  using place = tempDir('mutate')
  await copyRepository(place.path)
  const tests = [...new Set(chosen.flatMap((fault) => fault.tests))]
  process.stdout.write(`${tests.length} test files without a fault …\n`)
  const broken: string[] = []
  for (const file of tests) if (!(await passes(place.path, { tests: [file] }))) broken.push(file)
  if (broken.length > 0) {
    process.stdout.write(`these fail without any fault: ${broken.join(', ')}\n`)
    return 1
  }
  const survivors: Fault[] = []
  for (const [index, fault] of chosen.entries()) {
    const began = performance.now()
    const caught = await isCaught(place.path, fault)
    if (!caught) survivors.push(fault)
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    const verdict = caught ? 'caught  ' : 'SURVIVED'
    process.stdout.write(`${index + 1}/${chosen.length} ${verdict} ${seconds} s ${fault.file}: ${fault.what}\n`)
  }
  process.stdout.write(`${chosen.length - survivors.length} of ${chosen.length} faults were caught\n`)
  return survivors.length === 0 ? 0 : 1
}

process.exitCode = await main().catch((error: unknown) => {
  process.stderr.write(`mutate: ${error instanceof Error ? error.message : String(error)}\n${usage}`)
  return 2
})
