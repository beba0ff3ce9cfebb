import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { type ModuleRow, programs } from './modules.ts'

const repository = path.resolve(import.meta.dirname, '../..')
const importPattern =
  /(?:^|\n)\s*(?:import|export)\b[^'"`;]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|new URL\(\s*['"](\.[^'"]+\.ts)['"]/g

type Import = { readonly from: string; readonly to: string }

/** An import of a file of code, by its path, or of a package of the repository, by its name. */
function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8')
  return [...text.matchAll(importPattern)].flatMap((match) => {
    const target = match[1] ?? match[2] ?? match[3] ?? match[4] ?? ''
    if (target.endsWith('.json')) return []
    if (target.startsWith('.')) return [{ from: file, to: path.resolve(path.dirname(file), target) }]
    return target.startsWith('@acrux/') ? [{ from: file, to: target }] : []
  })
}

/** Folders with files for browsers only. */
const withoutCode = new Set(['sign-in/assets', 'portal-host/assets'])

/** What tests beside the code may import: independent implementations that they compare answers with, and servers that they start. */
const oracle = path.join(repository, 'test/oracle') + path.sep
const servers = ['postgres.mjs', 'object-servers.ts', 'free-port.mjs'].map((name) =>
  path.join(repository, 'test/setup', name),
)

/** The helpers of the server's tests. They may import all of the server, and only tests import them. */
const helpers = path.join(repository, 'server/testing') + path.sep

const isTest = (file: string) => /\.test\.tsx?$/.test(file)
const isForTests = (file: string) => file.startsWith(oracle) || file.startsWith(helpers) || servers.includes(file)
const nameOf = (file: string) => path.relative(repository, file)
const show = ({ from, to }: Import) => `${nameOf(from)} imports ${to.startsWith('@') ? to : nameOf(to)}`

/** The files of a program, and where they stand in its table. */
function readProgram(name: string, modules: Readonly<Record<string, ModuleRow>>) {
  const source = path.join(repository, name, 'src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file))
    .map((file) => path.join(source, file))
  const partsOf = (file: string) => path.relative(source, file).split(path.sep)
  return {
    source,
    files,
    imports: files.flatMap(importsOf),
    moduleOf: (file: string): string | undefined => {
      const [first = ''] = partsOf(file)
      return first in modules ? first : undefined
    },
    /** The folder of a file below its module; undefined for a file beside the folders. */
    submoduleOf: (file: string): string | undefined => {
      const [, folder, ...rest] = partsOf(file)
      return rest.length > 0 ? folder : undefined
    },
  }
}

/** The first chain of imports that leads from a file back to itself. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>()
  function visit(file: string, chain: readonly string[]): string[] | undefined {
    if (chain.includes(file)) return [...chain.slice(chain.indexOf(file)), file]
    if (done.has(file)) return undefined
    done.add(file)
    for (const next of edges.get(file) ?? []) {
      const cycle = visit(next, [...chain, file])
      if (cycle !== undefined) return cycle
    }
    return undefined
  }
  for (const file of edges.keys()) {
    const cycle = visit(file, [])
    if (cycle !== undefined) return cycle
  }
  return undefined
}

for (const [name, { packages, open, modules }] of Object.entries(programs)) {
  const { source, files, imports: all, moduleOf, submoduleOf } = readProgram(name, modules)
  const [ofPackages, imports] = [
    all.filter(({ to }) => to.startsWith('@')),
    all.filter(({ to }) => !to.startsWith('@')),
  ]
  const isOpen = (module: string) => open === 'all' || open.includes(module)
  const mayImport = (module: string): readonly string[] => {
    const allowed = modules[module]?.imports ?? []
    if (allowed === 'all') return Object.keys(modules)
    return [...(open === 'all' || open.includes(module) ? [] : open), ...allowed]
  }

  test(`a row of the table names only rows above it (${name})`, () => {
    const order = Object.keys(modules)
    for (const [module, { imports: allowed, submodules }] of Object.entries(modules)) {
      for (const other of allowed === 'all' ? [] : allowed)
        assert.ok(order.indexOf(other) < order.indexOf(module), `${module} may import ${other}`)
      const folders = Object.keys(submodules)
      for (const [folder, others] of Object.entries(submodules)) {
        for (const other of others) {
          assert.ok(folders.indexOf(other) < folders.indexOf(folder), `${module}/${folder} may import ${other}`)
        }
      }
    }
  })

  test(`every row of the table has a folder, and every folder has a row (${name})`, () => {
    const foldersIn = (directory: string) =>
      readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .toSorted()
    assert.deepEqual(foldersIn(source), Object.keys(modules).toSorted())
    for (const [module, { submodules }] of Object.entries(modules)) {
      const folders = foldersIn(path.join(source, module)).filter((folder) => !withoutCode.has(`${module}/${folder}`))
      assert.deepEqual(folders, Object.keys(submodules).toSorted(), module)
    }
  })

  test(`a submodule imports only what its row names, and no file beside the submodules (${name})`, () => {
    const wrong = imports.filter(({ from, to }) => {
      const module = moduleOf(from)
      const folder = submoduleOf(from)
      if (module === undefined || folder === undefined || moduleOf(to) !== module || isTest(from)) return false
      const target = submoduleOf(to)
      return (
        target !== folder && (target === undefined || modules[module]?.submodules[folder]?.includes(target) !== true)
      )
    })
    assert.deepEqual(wrong.map(show), [])
  })

  test(`no two folders import each other (${name})`, () => {
    const folderOf = (file: string) => path.dirname(nameOf(file))
    const edges = new Set(
      imports.filter(({ from }) => !isTest(from)).map(({ from, to }) => `${folderOf(from)} and ${folderOf(to)}`),
    )
    const isMutual = (edge: string) => {
      const [from = '', to = ''] = edge.split(' and ')
      return from < to && edges.has(`${to} and ${from}`)
    }
    assert.deepEqual([...edges].filter(isMutual), [])
  })

  test(`a module imports only the modules in its row; tests may also load a configuration and compose modules (${name})`, () => {
    const wrong = imports.filter(({ from, to }) => {
      const module = moduleOf(from)
      const target = moduleOf(to)
      if (module === undefined) return false
      if (target === undefined) return !(isTest(from) && isForTests(to))
      if (isTest(from) && ['configuration', 'compose'].includes(target)) return false
      return module !== target && !mayImport(module).includes(target)
    })
    assert.deepEqual(wrong.map(show), [])
  })

  test(`other modules import a module through its index.ts (${name})`, () => {
    const wrong = imports.filter(({ from, to }) => {
      const target = moduleOf(to)
      if (target === undefined || target === moduleOf(from) || isOpen(target)) return false
      return path.relative(path.join(source, target), to) !== 'index.ts'
    })
    assert.deepEqual(wrong.map(show), [])
  })

  test(`an index.ts contains only re-exports, and no file imports the index.ts of its own module (${name})`, () => {
    const indexes = files.filter((file) => path.basename(file) === 'index.ts')
    assert.deepEqual(indexes.filter((file) => path.relative(source, file).split(path.sep).length !== 2).map(nameOf), [])
    const reExport = /^(?:\s*export (?:type )?\{[^}]*\} from '[^']+'\n)+$/
    assert.deepEqual(indexes.filter((file) => !reExport.test(readFileSync(file, 'utf8'))).map(nameOf), [])
    const own = imports.filter(({ from, to }) => path.basename(to) === 'index.ts' && moduleOf(from) === moduleOf(to))
    assert.deepEqual(own.map(show), [])
  })

  test(`a file imports no file of another program, and only the packages in the rows of its program and module (${name})`, () => {
    const packageOf = (to: string) => (packages.includes(to) ? to : to.split('/').slice(0, 2).join('/'))
    const ofSubmodule = ({ from, to }: Import) =>
      modules[moduleOf(from) ?? '']?.packages?.[to]?.includes(submoduleOf(from) ?? '') === true
    const ofOthers = imports.filter(({ from, to }) => !isTest(from) && !to.startsWith(source + path.sep))
    const ofUnlisted = ofPackages.filter((each) => !packages.includes(packageOf(each.to)) && !ofSubmodule(each))
    assert.deepEqual([...ofOthers, ...ofUnlisted].map(show), [])
    const used = new Set(ofPackages.map(({ from, to }) => `${moduleOf(from)}/${submoduleOf(from)} imports ${to}`))
    const listed = Object.entries(modules).flatMap(([module, { packages: rows = {} }]) =>
      Object.entries(rows).flatMap(([to, folders]) => folders.map((folder) => `${module}/${folder} imports ${to}`)),
    )
    assert.deepEqual(
      listed.filter((each) => !used.has(each)),
      [],
      'no row names a package that is not used',
    )
  })
}

const all = Object.entries(programs).flatMap(([name, { modules }]) => readProgram(name, modules).imports)

test('the imports that these tests check include type imports', () => {
  assert.ok(all.length > 100, `${all.length} imports`)
  assert.ok(all.some(({ from, to }) => from.includes('/identity/') && to.endsWith('/directory/index.ts')))
})

const ofHelpers = readdirSync(helpers, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap((file) => importsOf(path.join(helpers, file)))

test('helpers of tests are in server/testing, and import only the server, each other, and what tests may import', () => {
  const { source, files } = readProgram('server', {})
  assert.deepEqual(files.filter((file) => path.basename(file).startsWith('test-')).map(nameOf), [])
  const isAllowed = (to: string) =>
    to.startsWith(source + path.sep) || to.startsWith('@acrux/shared/') || isForTests(to)
  assert.deepEqual(ofHelpers.filter(({ to }) => isTest(to) || !isAllowed(to)).map(show), [])
})

test('no file imports itself through others, type imports included', () => {
  const edges = Map.groupBy([...all, ...ofHelpers], ({ from }) => from)
  const cycle = findCycle(new Map([...edges].map(([file, found]) => [file, found.map(({ to }) => to)])))
  assert.deepEqual(cycle?.map(nameOf), undefined)
  assert.deepEqual(findCycle(new Map(Object.entries({ a: ['b'], b: ['c'], c: ['b'] }))), ['b', 'c', 'b'])
})

test('docs/explanation/architecture.md names every folder of the repository, and every module of the server', () => {
  const page = readFileSync(path.join(repository, 'docs/explanation/architecture.md'), 'utf8')
  const files = execFileSync('git', ['ls-files', '*/*'], { cwd: repository, encoding: 'utf8' }).split('\n')
  const folders = new Set(files.map((file) => file.split('/', 1)[0] ?? '').filter((name) => /^\w/.test(name)))
  assert.ok(folders.size > 10, [...folders].join(' '))
  assert.deepEqual(
    [...folders].filter((name) => !page.includes(`\n${name}/ `)),
    [],
  )
  // Packages describe the standards.
  const modules = Object.keys(programs['server']?.modules ?? {})
  assert.deepEqual(
    modules.filter((name) => !page.includes(`\n| \`${name}\` `)),
    [],
  )
})

test('the SQL of a module stands in its store files', () => {
  const builders = /\.(?:selectFrom|insertInto|updateTable|deleteFrom)\(/
  const { files, moduleOf } = readProgram('server', programs['server']?.modules ?? {})
  const wrong = files.filter((file) => {
    const module = moduleOf(file)
    if (module === undefined || module === 'platform' || isTest(file)) return false
    return !/(?:^|-)(?:store|rows)\.ts$/.test(path.basename(file)) && builders.test(readFileSync(file, 'utf8'))
  })
  assert.deepEqual(wrong.map(nameOf), [])
})

test('acrux serve loads nothing of the emulator', () => {
  const { source, imports } = readProgram('server', programs['server']?.modules ?? {})
  const edges = Map.groupBy(imports, ({ from }) => from)
  const loaded = new Set([path.join(source, 'main.ts')])
  for (const file of loaded) for (const { to } of edges.get(file) ?? []) loaded.add(to)
  assert.ok(loaded.size > 300, `${loaded.size} files`)
  const emulator = path.join(source, 'emulator') + path.sep
  assert.deepEqual([...loaded].filter((file) => file.startsWith(emulator)).map(nameOf), [])
})
