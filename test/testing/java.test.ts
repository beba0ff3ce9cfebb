import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { step } from '../clients/az/az.ts'
import { root } from '../clients/lib/examples.ts'
import { compileJava, expectSuccess, runJUnit, testingFolder } from './languages.ts'
import { filesLeftIn, programHome } from './program-home.ts'

step('the JUnit extension gives tests an emulator, and leaves no files', ['javac', 'java'], async () => {
  using home = programHome()
  const folder = testingFolder('java')
  const main = await compileJava(home, globSync(join(folder, 'src/main/java/**/*.java')))
  const tests = await compileJava(home, globSync(join(folder, 'src/test/java/**/*.java')), main)
  const { stdout } = await expectSuccess(runJUnit(home, tests, folder))
  assert.match(stdout, /\b10 tests successful\b/)
  assert.deepEqual(filesLeftIn(home), [])
  // The class path has no package but JUnit, and the module description of Maven names no other one.
  const groups = [...readFileSync(join(folder, 'pom.xml'), 'utf8').matchAll(/<dependency>\s*<groupId>(.*?)</g)]
  assert.deepEqual(new Set(groups.map(([, group]) => group)), new Set(['org.junit.jupiter']))
})

step('the Java example passes', ['javac', 'java'], async () => {
  using home = programHome()
  const folder = join(root, 'examples/java-test')
  const extension = await compileJava(home, globSync(join(testingFolder('java'), 'src/main/java/**/*.java')))
  const classes = await compileJava(home, globSync(join(folder, 'src/**/*.java')), extension)
  const { stdout } = await expectSuccess(runJUnit(home, classes, folder))
  assert.match(stdout, /\b5 tests successful\b/)
  assert.deepEqual(filesLeftIn(home), [])
})
