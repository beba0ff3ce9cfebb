import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../set-up.mjs'

/** The last `node_modules/NAME` of a path, with the path before it. */
const packageFolder = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//

const licenceFile = /^(licen[cs]e|copying|notice)(\.|-|$)/i

/** The paths of the modules of the built portal. */
const portalModules = join(root, 'portal/dist/modules.json')

/** The licences of all packages from which bundled modules come, those of the portal too, as one text. */
export function thirdPartyNotices(files: readonly { readonly moduleIds: readonly string[] }[]) {
  const ofPortal: string[] = existsSync(portalModules) ? JSON.parse(readFileSync(portalModules, 'utf8')) : []
  const ids = [...files.flatMap(({ moduleIds }) => moduleIds), ...ofPortal]
  const folders = new Set(ids.flatMap((id) => packageFolder.exec(id)?.[1] ?? []))
  const notices = [...folders].sort().map(noticeOf)
  return `Acrux contains the following packages.\n\n${notices.join('\n')}`
}

type PackageFile = { name: string; version: string; license?: string; author?: string | { name: string } }

function noticeOf(folder: string) {
  const { name, version, license, author }: PackageFile = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (license === undefined) throw new Error(`${folder} has no licence`)
  const texts = existsSync(folder) ? readdirSync(folder).filter((file) => licenceFile.test(file)) : []
  const holder = typeof author === 'string' ? author : author?.name
  const title = `${name} ${version}, ${license}${texts.length === 0 && holder !== undefined ? `, ${holder}` : ''}`
  const line = '-'.repeat(80)
  return [line, title, line, '', ...texts.map((file) => `${readFileSync(join(folder, file), 'utf8').trim()}\n`)].join(
    '\n',
  )
}
