import {
  AppGenericRegular,
  ArrowImportRegular,
  BotRegular,
  BoxRegular,
  BuildingRegular,
  ClipboardTextLtrRegular,
  HomeRegular,
  KeyRegular,
  LockClosedRegular,
  MailInboxRegular,
  OptionsRegular,
  PeopleRegular,
  PersonRegular,
  PlugConnectedRegular,
  ServerRegular,
  SettingsRegular,
  ShieldErrorRegular,
  ShieldPersonRegular,
  StackRegular,
} from '@fluentui/react-icons'
import type { LinkProps } from '@tanstack/react-router'
import type { ReactElement } from 'react'
import type { Abilities, RegistryAbility } from '../../api/abilities.ts'
import { texts } from '../texts/texts.ts'

/** The groups of the navigation, in their order. */
export const navigationGroups = ['home', 'registry', 'directory', 'server', 'own'] as const
export type NavigationGroup = (typeof navigationGroups)[number]

/** The address of a view of the navigation. */
type ViewPath = Extract<LinkProps['to'], '/' | `/${string}`>

/** A row of the navigation. */
export type NavigationRow = {
  readonly group: NavigationGroup
  readonly label: string
  readonly icon: ReactElement
  /** Undefined: a page of the server, or a view that is not built yet. */
  readonly to?: ViewPath
  /** A page that the server renders. */
  readonly href?: string
  /** Whether the view is selected at its own address only, and not at addresses below it. */
  readonly exact?: true
  /** Other addresses at which the row is selected. */
  readonly also?: string
  /** Whether the person can use the view. */
  readonly shows: (abilities: Abilities) => boolean
  /** The key that opens the view, after G. */
  readonly key?: string
}

const always = () => true
const ofRegistry = (ability: RegistryAbility) => (abilities: Abilities) => abilities.registry?.[ability] === true
const ofDirectory = (name: keyof Abilities['directory']) => (abilities: Abilities) => abilities.directory[name]
const ofServer = ({ server }: Abilities) => server
const { rows } = texts.navigationView

// prettier-ignore
/** All views. A row without an address is not shown until its view is built. */
export const navigationTable: readonly NavigationRow[] = [
  { group: 'home',      label: rows.home,         icon: <HomeRegular />,             to: '/', exact: true, key: 'h',        shows: always },
  { group: 'registry',  label: rows.overview,     icon: <BoxRegular />,              to: '/r/$registry', exact: true,       shows: ofRegistry('overview') },
  { group: 'registry',  label: rows.repositories, icon: <StackRegular />,            to: '/r/$registry/repositories', key: 'r', also: '/(?:deleted|uploads)(?:/|$)', shows: ofRegistry('repositories') },
  { group: 'registry',  label: rows.imports,      icon: <ArrowImportRegular />,      to: '/r/$registry/import',             shows: ofRegistry('imports') },
  { group: 'registry',  label: rows.access,       icon: <LockClosedRegular />,       to: '/r/$registry/access', key: 'a',   shows: ofRegistry('access') },
  { group: 'registry',  label: rows.requests,     icon: <MailInboxRegular />,                                               shows: ofRegistry('access') },
  { group: 'registry',  label: rows.credentials,  icon: <KeyRegular />,              to: '/r/$registry/tokens', also: '/keys$', shows: ofRegistry('credentials') },
  { group: 'registry',  label: rows.rules,        icon: <OptionsRegular />,          key: 'u',                              shows: ofRegistry('rules') },
  { group: 'registry',  label: rows.webhooks,     icon: <PlugConnectedRegular />,                                           shows: ofRegistry('webhooks') },
  { group: 'registry',  label: rows.audit,        icon: <ClipboardTextLtrRegular />, to: '/r/$registry/audit', key: 'l',    shows: ofRegistry('audit') },
  { group: 'registry',  label: rows.settings,     icon: <SettingsRegular />,         to: '/r/$registry/policies',           shows: ofRegistry('settings') },
  { group: 'directory', label: rows.people,       icon: <PersonRegular />,           to: '/people',                         shows: ofDirectory('people') },
  { group: 'directory', label: rows.groups,       icon: <PeopleRegular />,           to: '/groups',                         shows: ofDirectory('groups') },
  { group: 'directory', label: rows.applications, icon: <AppGenericRegular />,       to: '/applications',                   shows: ofDirectory('applications') },
  { group: 'directory', label: rows.machines,     icon: <BotRegular />,              to: '/managed-identities',             shows: ofDirectory('machines') },
  { group: 'directory', label: rows.providers,    icon: <BuildingRegular />,         to: '/providers',                      shows: ofDirectory('providers') },
  { group: 'server',    label: rows.server,       icon: <ServerRegular />,           to: '/server',                         shows: ofServer },
  { group: 'server',    label: rows.allEvents,    icon: <ClipboardTextLtrRegular />, to: '/audit',                          shows: ofServer },
  { group: 'own',       label: rows.denials,      icon: <ShieldErrorRegular />,      to: '/my-denials',                     shows: always },
  { group: 'own',       label: rows.myAccess,     icon: <ShieldPersonRegular />,     to: '/my-access',                      shows: always },
  { group: 'own',       label: rows.account,      icon: <PersonRegular />,           href: '/account/security',             shows: always },
]

/** The rows that are built and that the person can use. */
export function visibleRows(abilities: Abilities | undefined): readonly NavigationRow[] {
  if (abilities === undefined) return []
  return navigationTable.filter(({ to, href, shows }) => (to !== undefined || href !== undefined) && shows(abilities))
}
