import {
  AppGenericRegular,
  ClipboardTextLtrRegular,
  CopyRegular,
  LockClosedRegular,
  PeopleRegular,
  PersonRegular,
  StackRegular,
  TagRegular,
} from '@fluentui/react-icons'
import type { useNavigate } from '@tanstack/react-router'
import type { Abilities } from '../../api/abilities.ts'
import type { FoundPrincipal } from '../../api/attention.ts'
import { listTags } from '../../api/registry.ts'
import type { FoundContent } from '../../api/types.ts'
import type { NamedRegistry } from '../../api/use-session.ts'
import { shortDigest } from '../texts/format.ts'
import { texts } from '../texts/texts.ts'
import { visibleRows } from './navigation-table.tsx'
import type { PaletteItem } from './palette-item.ts'

const view = texts.palette

/** What the rows of the palette lead to, and from where. */
export type PaletteContext = {
  readonly navigate: ReturnType<typeof useNavigate>
  /** The registry of the navigation. */
  readonly current: NamedRegistry | undefined
  readonly abilities: Abilities | undefined
}

function pullCommand(host: string, repository: string, reference: string): string {
  return `docker pull ${host}/${repository}${reference.includes(':') ? '@' : ':'}${reference}`
}

/** The command that pulls the tag that was pushed last. */
async function newestPull(loginServer: string, repository: string): Promise<string> {
  const page = { last: '', order: 'newest' } as const
  const { items } = await listTags(loginServer, repository, page, new AbortController().signal)
  return pullCommand(loginServer, repository, items[0]?.name ?? 'latest')
}

/** The row of a repository. */
export function repositoryItem(
  { navigate, current }: PaletteContext,
  { name: registry, loginServer }: NamedRegistry,
  repository: string,
): PaletteItem {
  return {
    group: 'repositories',
    key: `${registry}/${repository}`,
    icon: <StackRegular />,
    label: repository,
    ...(registry !== current?.name && { detail: registry }),
    open: () => void navigate({ to: '/r/$registry/repositories/$repository', params: { registry, repository } }),
    pullCommand: () => newestPull(loginServer, repository),
  }
}

/** The row of a tag or digest. */
export function imageItem({ navigate }: PaletteContext, found: FoundContent): PaletteItem {
  const { registry, registryName, repository, tag, digest = '' } = found
  const reference = tag ?? digest
  return {
    group: 'content',
    key: `${registryName}/${repository} ${tag ?? ''} ${digest}`,
    icon: <TagRegular />,
    label: tag === undefined ? `${repository}@${shortDigest(digest)}` : `${repository}:${tag}`,
    detail: tag === undefined ? registryName : shortDigest(digest),
    open: () =>
      void navigate({
        to: '/r/$registry/repositories/$repository/manifests/$reference',
        params: { registry: registryName, repository, reference },
      }),
    pullCommand: () => Promise.resolve(pullCommand(registry, repository, reference)),
  }
}

const principalIcons = { user: <PersonRegular />, group: <PeopleRegular />, servicePrincipal: <AppGenericRegular /> }

/** The row of a person, a group or an application. */
export function principalItem({ navigate }: PaletteContext, { kind, id, name }: FoundPrincipal): PaletteItem {
  const open = {
    user: () => navigate({ to: '/people/$id', params: { id } }),
    group: () => navigate({ to: '/groups/$id', params: { id } }),
    servicePrincipal: () => navigate({ to: '/applications', search: { filter: name } }),
  }[kind]
  return {
    group: 'principals',
    key: id,
    icon: principalIcons[kind],
    label: name,
    detail: view.kinds[kind],
    open: () => void open(),
  }
}

/** What the person can do with the first repository that was found, if it is one of the registry of the navigation. */
export function repositoryActions(
  { navigate, current, abilities }: PaletteContext,
  found: PaletteItem | undefined,
): readonly PaletteItem[] {
  if (found?.pullCommand === undefined || found.detail !== undefined || current === undefined) return []
  const { label: repository, pullCommand: pull } = found
  const params = { registry: current.name }
  const copy = async () => navigator.clipboard.writeText(await pull())
  const copyItem = { key: 'pull', icon: <CopyRegular />, label: view.copyPull, detail: repository, keys: 'Ctrl Enter' }
  const whoItem = { key: 'who', icon: <LockClosedRegular />, label: view.whoCanPush(repository) }
  const who = { tab: 'who', action: 'push', repository } as const
  const deniedItem = { key: 'denied', icon: <ClipboardTextLtrRegular />, label: view.denied }
  const rows = [
    { ...copyItem, isShown: true, open: () => void copy() },
    {
      ...whoItem,
      isShown: abilities?.registry?.access === true,
      open: () => void navigate({ to: '/r/$registry/access', params, search: who }),
    },
    {
      ...deniedItem,
      isShown: abilities?.registry?.audit === true,
      open: () => void navigate({ to: '/r/$registry/audit', params, search: { outcome: 'refused' } }),
    },
  ]
  return rows.filter(({ isShown }) => isShown).map(({ isShown: _isShown, ...row }) => ({ ...row, group: 'actions' }))
}

/** The rows of the pages that the person can use. */
export function pageItems({ navigate, current, abilities }: PaletteContext): readonly PaletteItem[] {
  return visibleRows(abilities).map(({ group, label, icon, to, href, key }) => ({
    group: 'pages',
    key: label,
    icon,
    label: group === 'registry' && current !== undefined ? view.pageOf(label, current.name) : label,
    ...(key !== undefined && { keys: `G ${key.toUpperCase()}` }),
    open: () =>
      to === undefined ? location.assign(href ?? '') : void navigate({ to, params: { registry: current?.name ?? '' } }),
  }))
}
