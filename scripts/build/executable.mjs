import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { nodeBinary } from '../set-up.mjs'
import { bundleAlone, bundleForExecutable, packagedFiles, version } from './bundle.mjs'
import { mustRun } from './must-run.mjs'
import { lockedNodePackage, nodeFrom } from './node-binary.mjs'
import { thirdPartyNotices } from './notices.mjs'

/** The platforms of the executables, and the program that removes the symbols of their Node. */
export const platforms = /** @type {const} */ ({ 'linux-x64': 'strip', 'linux-arm64': 'aarch64-linux-gnu-strip' })

/** @typedef {keyof typeof platforms} Platform */

/**
 * The path of the executable of a platform.
 *
 * @param {string} dist
 * @param {Platform} platform
 */
export function executablePath(dist, platform) {
  return join(dist, `acrux-${version}-${platform}`)
}

/**
 * Writes one executable for each platform: Node with the program in it.
 *
 * @param {{ readonly dist: string, readonly work: string }} to
 */
export async function buildExecutables({ dist, work }) {
  for (const name of ['program', 'assets']) mkdirSync(join(work, name))
  const { program, threads } = await bundleForExecutable()
  for (const { fileName, code } of program) writeFileSync(join(work, 'program', fileName), code)
  for (const { fileName, code } of threads) writeFileSync(join(work, fileName), code)
  for (const file of packagedFiles) copyFileSync(file, join(work, 'assets', basename(file)))
  writeFileSync(join(work, 'main.cjs'), (await bundleAlone(join(import.meta.dirname, 'embedded/main.mjs'))).code)
  writeFileSync(join(dist, 'THIRD-PARTY-NOTICES'), thirdPartyNotices([...program, ...threads]))
  mustRun(nodeBinary(), [join(import.meta.dirname, 'embedded/write-code-cache.mjs'), join(work, 'program')])

  const names = program.map(({ fileName }) => fileName)
  const files = {
    ...inFolder(join(work, 'program'), names),
    ...inFolder(
      join(work, 'assets'),
      packagedFiles.map((file) => basename(file)),
    ),
    ...inFolder(
      work,
      threads.map(({ fileName }) => fileName),
    ),
  }
  const codeCaches = inFolder(
    join(work, 'program'),
    names.map((name) => `${name}.cache`),
  )
  return /** @type {Platform[]} */ (Object.keys(platforms)).map((platform) => {
    // The compiled code is that of this machine's processor.
    const isNative = platform === `${process.platform}-${process.arch}`
    return injectInto({ dist, work, platform, assets: { ...files, ...(isNative && codeCaches) } })
  })
}

/**
 * The paths of files by their names.
 *
 * @param {string} folder
 * @param {readonly string[]} names
 */
function inFolder(folder, names) {
  return Object.fromEntries(names.map((name) => [name, join(folder, name)]))
}

/** @param {{ dist: string, work: string, platform: Platform, assets: Readonly<Record<string, string>> }} of */
function injectInto({ dist, work, platform, assets }) {
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
