import { Caption1Strong, makeStyles, tokens } from '@fluentui/react-components'
import {
  AppGenericRegular,
  BotRegular,
  BoxRegular,
  BuildingRegular,
  ClipboardTextLtrRegular,
  HomeRegular,
  KeyRegular,
  LockClosedRegular,
  OptionsRegular,
  PeopleRegular,
  PersonRegular,
  ServerRegular,
  StackRegular,
  TicketDiagonalRegular,
} from '@fluentui/react-icons'
import { useParams } from '@tanstack/react-router'
import { type ReactNode, useId } from 'react'
import { AppLink } from '../elements/app-link.tsx'
import { identitiesTexts } from '../texts/identities.ts'
import { operationsTexts } from '../texts/operations.ts'
import { rightsTexts } from '../texts/rights.ts'
import { serverTexts } from '../texts/server.ts'
import { texts } from '../texts/texts.ts'

/** Screens on which the navigation is above the view, not beside it. */
export const narrow = '@media (max-width: 720px)'

const useStyles = makeStyles({
  navigation: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXXS,
    padding: tokens.spacingHorizontalS,
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground2,
    overflowWrap: 'anywhere',
    [narrow]: {
      flexDirection: 'row',
      flexWrap: 'wrap',
      borderRight: 'none',
      borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    },
  },
  group: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalXXS,
    [narrow]: { flexDirection: 'row', flexWrap: 'wrap', alignItems: 'center', width: '100%' },
  },
  title: {
    color: tokens.colorNeutralForeground2,
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalS} ${tokens.spacingVerticalXS}`,
    [narrow]: { width: '100%', paddingBottom: 0 },
  },
  link: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalS,
    padding: `${tokens.spacingVerticalSNudge} ${tokens.spacingHorizontalS}`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    ':hover': { backgroundColor: tokens.colorNeutralBackground2Hover, color: tokens.colorNeutralForeground1 },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
    '&[aria-current="page"]': {
      backgroundColor: tokens.colorNeutralBackground2Selected,
      boxShadow: `inset 3px 0 0 ${tokens.colorCompoundBrandStroke}`,
      fontWeight: tokens.fontWeightSemibold,
    },
  },
})

const serverViews = [
  { to: '/', label: texts.home, icon: <HomeRegular />, exact: true },
  { to: '/audit', label: operationsTexts.audit, icon: <ClipboardTextLtrRegular />, exact: false },
  { to: '/server', label: serverTexts.title, icon: <ServerRegular />, exact: false },
] as const

const registryViews = [
  { to: '/r/$registry', label: texts.overview, icon: <BoxRegular />, exact: true },
  { to: '/r/$registry/repositories', label: texts.repositories, icon: <StackRegular />, exact: false },
  { to: '/r/$registry/access', label: rightsTexts.accessControl, icon: <LockClosedRegular />, exact: false },
  { to: '/r/$registry/keys', label: rightsTexts.accessKeys, icon: <KeyRegular />, exact: false },
  { to: '/r/$registry/tokens', label: rightsTexts.tokens, icon: <TicketDiagonalRegular />, exact: false },
  {
    to: '/r/$registry/policies',
    label: operationsTexts.policies.title,
    icon: <OptionsRegular />,
    exact: false,
  },
  {
    to: '/r/$registry/audit',
    label: operationsTexts.registryAudit,
    icon: <ClipboardTextLtrRegular />,
    exact: false,
  },
] as const

const identityViews = [
  { to: '/people', label: identitiesTexts.people, icon: <PersonRegular /> },
  { to: '/groups', label: identitiesTexts.groups, icon: <PeopleRegular /> },
  { to: '/applications', label: identitiesTexts.applications, icon: <AppGenericRegular /> },
  { to: '/managed-identities', label: identitiesTexts.managed, icon: <BotRegular /> },
  { to: '/providers', label: identitiesTexts.providers, icon: <BuildingRegular /> },
] as const

/** Links to the views: of the server, of the registry that is open, and of identities. */
export function Navigation() {
  const styles = useStyles()
  const { registry } = useParams({ strict: false })
  return (
    <nav className={styles.navigation} aria-label={texts.navigation}>
      {serverViews.map(({ to, label, icon, exact }) => (
        <AppLink key={to} className={styles.link} to={to} activeOptions={{ exact }}>
          {icon}
          {label}
        </AppLink>
      ))}
      {registry !== undefined && (
        <Group title={registry}>
          {registryViews.map(({ to, label, icon, exact }) => (
            <AppLink key={to} className={styles.link} to={to} params={{ registry }} activeOptions={{ exact }}>
              {icon}
              {label}
            </AppLink>
          ))}
        </Group>
      )}
      <Group title={identitiesTexts.navigation}>
        {identityViews.map(({ to, label, icon }) => (
          <AppLink key={to} className={styles.link} to={to}>
            {icon}
            {label}
          </AppLink>
        ))}
      </Group>
    </nav>
  )
}

/** Links below a heading, which also screen readers announce. */
function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const styles = useStyles()
  const id = useId()
  return (
    <div className={styles.group} role="group" aria-labelledby={id}>
      <Caption1Strong id={id} className={styles.title}>
        {title}
      </Caption1Strong>
      {children}
    </div>
  )
}
