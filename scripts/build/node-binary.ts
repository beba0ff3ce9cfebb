import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { root, say, SetUpFailed } from '../set-up.mjs'
import { mustRun } from './must-run.ts'

/** A package of the npm registry that contains Node, at `bin/node`. */
export type NodePackage = { readonly name: string; readonly version: string; readonly integrity: string }

/** The package that the lock file selects for a platform, such as `linux-arm64`. */
export function lockedNodePackage(platform: string): NodePackage {
  const name = `node-${platform}`
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const { version, integrity } = packages[`node_modules/${name}`]
  return { name, version, integrity }
}

/** The path of a package's Node: of the installed package, or of one that is downloaded into `.cache` once and checked. */
export function nodeFrom({ name, version, integrity }: NodePackage) {
  const installed = join(root, 'node_modules', name)
  if (installedVersion(installed) === version) return join(installed, 'bin', 'node')
  const folder = join(root, '.cache', 'node', `${name}-${version}`)
  const node = join(folder, 'package', 'bin', 'node')
  if (existsSync(node)) return node
  const partial = `${folder}.${process.pid}`
  mkdirSync(partial, { recursive: true })
  try {
    const file = downloadPackage(`${name}@${version}`, partial)
    const found = `sha512-${createHash('sha512')
      .update(readFileSync(join(partial, file)))
      .digest('base64')}`
    if (found !== integrity) throw new SetUpFailed(`${name}@${version} has the integrity ${found}, not ${integrity}`)
    mustRun('tar', ['-xzf', join(partial, file), '-C', partial])
    rmSync(join(partial, file))
    if (!existsSync(node)) renameSync(partial, folder)
    return node
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
}

/** Downloads a package of 60 MB into a folder, and returns the name of its file. A download that fails is repeated twice. */
function downloadPackage(specification: string, folder: string) {
  const pack = ['pack', '--loglevel=error', '--pack-destination', folder, specification]
  for (let left = 2; left > 0; left -= 1) {
    try {
      return mustRun('npm', pack).trim()
    } catch (error) {
      say(`${(error as Error).message.trim()}\ntrying again …`)
    }
  }
  return mustRun('npm', pack).trim()
}

function installedVersion(folder: string) {
  const file = join(folder, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')).version as string) : undefined
}
