import { join } from 'node:path'
import { root } from '../clients/lib/examples.ts'
import { type Ran, run } from '../harness/clients.ts'
import { type ProgramHome, python } from './program-home.ts'

/** The folder of the helpers for tests in a language. */
export const testingFolder = (language: string): string => join(root, 'testing', language)

/** Builds the Python package, and installs it in the home. Returns the value of `PYTHONPATH`. */
export async function installPythonPackage(home: ProgramHome): Promise<string> {
  const site = join(home.path, 'site')
  const build = [
    'import glob, os, shutil, sys, zipfile',
    'import setuptools.build_meta as backend',
    '_, package, site = sys.argv',
    'shutil.copytree(package, "source")',
    'os.chdir("source")',
    'backend.build_wheel("dist")',
    'zipfile.ZipFile(glob.glob("dist/*.whl")[0]).extractall(site)',
  ]
  await expectSuccess(
    run(python, ['-c', build.join('\n'), testingFolder('python'), site], { env: home.env, cwd: home.path }),
  )
  return site
}

/** The environment in which `go` needs no network, and stores its packages in the cache of the tests. */
export function goEnvironment(home: ProgramHome): Readonly<Record<string, string>> {
  return {
    ...home.env,
    GOPROXY: 'off',
    GOTOOLCHAIN: 'local',
    GOTELEMETRY: 'off',
    // Packages of the standard library are compiled once. Go itself deletes what was not used for five days.
    GOCACHE: join(root, 'node_modules/.cache/acrux-test/go-build'),
    GOPATH: join(home.path, 'go'),
    // Without C, go needs no C compiler.
    CGO_ENABLED: '0',
  }
}

const jars = '/usr/share/java'
const jupiter = ['junit-jupiter-api', 'junit-platform-commons', 'opentest4j', 'apiguardian-api']
const launcher = [
  'junit-jupiter-engine',
  'junit-platform-console',
  'junit-platform-launcher',
  'junit-platform-engine',
  'junit-platform-reporting',
  'opentest4j-reporting-events',
  'opentest4j-reporting-schema',
  'picocli',
]

/** Compiles Java files in the home, with JUnit and with what was compiled before. Returns the class path. */
export async function compileJava(
  home: ProgramHome,
  sources: readonly string[],
  before: readonly string[] = [],
): Promise<readonly string[]> {
  const classes = join(home.path, `classes-${before.length}`)
  const path = [...before, ...jarFiles(jupiter)]
  const args = ['--release', '17', '-Xlint:all', '-Werror', '-cp', path.join(':'), '-d', classes, ...sources]
  await expectSuccess(run('javac', args, { env: home.env }))
  return [classes, ...before]
}

/** Runs all tests of the first directory of a class path. */
export function runJUnit(home: ProgramHome, classPath: readonly string[], cwd: string): Promise<Ran> {
  const path = [...classPath, ...jarFiles([...jupiter, ...launcher])].join(':')
  const options = ['--scan-class-path', classPath[0] ?? '', '--details=tree', '--disable-ansi-colors']
  const args = ['-cp', path, 'org.junit.platform.console.ConsoleLauncher', ...options, '--fail-if-no-tests']
  return run('java', args, { env: home.env, cwd, timeoutMs: 300_000 })
}

function jarFiles(names: readonly string[]): string[] {
  return names.map((name) => join(jars, `${name}.jar`))
}

/** Throws with the output of a program, unless its exit code is 0. */
export async function expectSuccess(running: Promise<Ran>): Promise<Ran> {
  const ran = await running
  if (ran.code === 0) return ran
  throw new Error(`exit ${ran.code ?? 'by signal'}\n${ran.stdout}${ran.stderr}`)
}
