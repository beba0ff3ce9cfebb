/**
 * Writes the program that the black-box tests run, and prints the path of its main file. The folder of the program, below the
 * folder that the argument names, has the hash of its content as its name: other runs of tests may use another version meanwhile.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { bundleModules, packagedFiles } from './bundle.ts'
import { launcher, writeProgram } from './program.ts'

const unusedAfterMs = 86_400_000

const parent = process.argv[2] ?? ''
const files = await bundleModules()
const hash = createHash('sha256')
for (const { fileName, code } of files) hash.update(`${fileName}\n${code}\n`)
for (const file of [...packagedFiles, launcher]) hash.update(readFileSync(file))
const folder = join(parent, hash.digest('hex').slice(0, 16))
const now = new Date()

if (existsSync(folder)) utimesSync(folder, now, now)
else {
  mkdirSync(parent, { recursive: true })
  for (const name of readdirSync(parent)) {
    const other = join(parent, name)
    if (now.getTime() - statSync(other).mtimeMs > unusedAfterMs) rmSync(other, { recursive: true })
  }
  const part = `${folder}.${process.pid}`
  await writeProgram(part, files)
  try {
    renameSync(part, folder)
  } catch (cause) {
    rmSync(part, { recursive: true })
    // Another run may have written the same folder meanwhile.
    if (!existsSync(folder)) throw cause
  }
}
process.stdout.write(join(folder, 'acrux.cjs'))
