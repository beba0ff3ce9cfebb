/**
 * The program of `npm run build`: writes the packages to `dist/`. After `--` come the artefacts to write, `npm`, `sea`, `image` and `deb`, and
 * `--out FOLDER`. Without names it writes all that this machine can build. With `--fast`, packages are larger, and built in less time.
 */
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { main, root, say, SetUpFailed } from '../set-up.mjs'
import { ensureDocs } from '../docs.mjs'
import { ensurePortal } from '../portal.mjs'
import { missingPrograms } from './missing-programs.ts'

/** An artefact: what must be built before it, the programs that its build runs, and its build, which returns the files. */
type Artefact = {
  readonly needs: readonly string[]
  readonly programs: readonly string[]
  readonly build: (to: Target) => Promise<readonly string[]>
}

/** The folder of the artefacts, a temporary folder, and whether the build is a fast one. */
type Target = { readonly dist: string; readonly work: string; readonly isFast: boolean }

/** Each is loaded when it is built. */
const artefacts: Readonly<Record<string, Artefact>> = {
  npm: {
    needs: [],
    programs: ['npm'],
    build: async (to) => [await (await import('./npm-package.ts')).buildNpmPackage(to)],
  },
  sea: {
    needs: [],
    programs: ['npm', 'tar', 'strip', 'aarch64-linux-gnu-strip'],
    build: async (to) => (await import('./executable.ts')).buildExecutables(to),
  },
  image: {
    needs: ['sea'],
    programs: ['npm', 'tar', 'mmdebstrap'],
    build: async (to) => [await (await import('./image.ts')).buildImage(to)],
  },
  deb: {
    needs: ['sea'],
    programs: ['dpkg-deb'],
    build: async (to) => (await import('./debian-package.ts')).buildDebianPackages(to),
  },
}

/** The programs that an artefact and the artefacts before it lack on this machine. */
function missingFor(name: string): string[] {
  const { needs = [], programs = [] } = artefacts[name] ?? {}
  return [...new Set([...needs.flatMap(missingFor), ...missingPrograms(programs)])]
}

/** The artefacts to build, in the order of the table. */
function choose(named: readonly string[]) {
  const unknown = named.filter((name) => !(name in artefacts))
  if (unknown.length > 0)
    throw new SetUpFailed(
      `there is no artefact ${unknown.join(', ')}: choose from ${Object.keys(artefacts).join(', ')}`,
    )
  const wanted = named.length > 0 ? named : Object.keys(artefacts)
  const possible = wanted.filter((name) => {
    const missing = missingFor(name)
    if (missing.length > 0) say(`${name} is left out, because this machine lacks ${missing.join(', ')}`)
    return missing.length === 0
  })
  if (named.length > 0 && possible.length < wanted.length) throw new SetUpFailed('not everything can be built')
  const chosen = new Set(possible.flatMap((name) => [...(artefacts[name]?.needs ?? []), name]))
  return Object.entries(artefacts).filter(([name]) => chosen.has(name))
}

await main(async (args) => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { out: { type: 'string', default: join(root, 'dist') }, fast: { type: 'boolean', default: false } },
  })
  const chosen = choose(positionals)
  await ensurePortal()
  await ensureDocs()
  const dist = resolve(values.out)
  mkdirSync(dist, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'acrux-build-'))
  try {
    for (const [name, { build }] of chosen) {
      say(`building ${name} …`)
      for (const file of await build({ dist, work, isFast: values.fast })) {
        const sizeMiB = (statSync(file).size / 2 ** 20).toFixed(1)
        say(`wrote ${relative(process.cwd(), file)} (${sizeMiB} MiB)`)
      }
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return 0
})
