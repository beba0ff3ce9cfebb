import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { nodeBinary } from '../set-up.mjs'
import { bundleAlone, bundleForExecutable, packagedFiles, version } from './bundle.ts'
import { mustRun } from './must-run.ts'
import { preparedArchiveName, writePrepared } from './prepared-archive.ts'
import { lockedNodePackage, nodeFrom } from './node-binary.ts'
import { thirdPartyNotices } from './notices.ts'

/** The platforms of the executables, and the program that removes the symbols of their Node. */
export const platforms = { 'linux-x64': 'strip', 'linux-arm64': 'aarch64-linux-gnu-strip' } as const

export type Platform = keyof typeof platforms

/** The path of the executable of a platform. */
export function executablePath(dist: string, platform: Platform) {
  return join(dist, `acrux-${version}-${platform}`)
}

/** Writes one executable for each platform: Node with the program in it. */
export async function buildExecutables({ dist, work }: { readonly dist: string; readonly work: string }) {
  for (const name of ['program', 'assets']) mkdirSync(join(work, name))
  const { program, threads } = await bundleForExecutable()
  for (const { fileName, code } of program) writeFileSync(join(work, 'program', fileName), code)
  for (const { fileName, code } of threads) writeFileSync(join(work, fileName), code)
  for (const file of packagedFiles) copyFileSync(file, join(work, 'assets', basename(file)))
  await writePrepared(join(work, 'assets', preparedArchiveName))
  writeFileSync(join(work, 'main.cjs'), (await bundleAlone(join(import.meta.dirname, 'embedded/main.mjs'))).code)
  writeFileSync(join(dist, 'THIRD-PARTY-NOTICES'), thirdPartyNotices([...program, ...threads]))
  mustRun(nodeBinary(), [join(import.meta.dirname, 'embedded/write-code-cache.mjs'), join(work, 'program')])

  const names = program.map(({ fileName }) => fileName)
  const files = {
    ...inFolder(join(work, 'program'), names),
    ...inFolder(join(work, 'assets'), [...packagedFiles.map((file) => basename(file)), preparedArchiveName]),
    ...inFolder(
      work,
      threads.map(({ fileName }) => fileName),
    ),
  }
  const codeCaches = inFolder(
    join(work, 'program'),
    names.map((name) => `${name}.cache`),
  )
  return (Object.keys(platforms) as Platform[]).map((platform) => {
    // The compiled code is that of this machine's processor.
    const isNative = platform === `${process.platform}-${process.arch}`
    return injectInto({ dist, work, platform, assets: { ...files, ...(isNative && codeCaches) } })
  })
}

/** The paths of files by their names. */
function inFolder(folder: string, names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [name, join(folder, name)]))
}

function injectInto({
  dist,
  work,
  platform,
  assets,
}: {
  dist: string
  work: string
  platform: Platform
  assets: Readonly<Record<string, string>>
}) {
  const node = join(work, `node-${platform}`)
  copyFileSync(nodeFrom(lockedNodePackage(platform)), node)
  mustRun(platforms[platform], [node])
  const output = executablePath(dist, platform)
  const configuration = {
    main: join(work, 'main.cjs'),
    mainFormat: 'commonjs',
    executable: node,
    output,
    disableExperimentalSEAWarning: true,
    useCodeCache: false,
    execArgvExtension: 'none',
    assets,
  }
  const file = join(work, `${platform}.json`)
  writeFileSync(file, JSON.stringify(configuration))
  mustRun(nodeBinary(), ['--build-sea', file])
  chmodSync(output, 0o755)
  rmSync(node)
  return output
}
