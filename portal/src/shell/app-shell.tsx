import { Subtitle1, Text, makeStyles, tokens } from '@fluentui/react-components'
import { Outlet, useLocation, useParams } from '@tanstack/react-router'
import { type ReactNode, Suspense, lazy, useEffect, useId, useRef, useSyncExternalStore } from 'react'
import { stepUpQuestion } from '../api/step-up.ts'
import { useSession } from '../session/use-session.ts'
import { identitiesTexts } from '../texts/identities.ts'
import { operationsTexts } from '../texts/operations.ts'
import { serverTexts } from '../texts/server.ts'
import { texts } from '../texts.ts'
import { rightsTexts } from '../texts/rights.ts'
import { AccountMenu } from './account-menu.tsx'
import { AppLink } from './app-link.tsx'
import { Loaded } from './loaded.tsx'

/** Loaded when it is first needed, so that it is no part of the first view. */
const StepUpDialog = lazy(async () => ({ default: (await import('./step-up-dialog.tsx')).StepUpDialog }))

const narrow = '@media (max-width: 720px)'

const useStyles = makeStyles({
  shell: {
    display: 'grid',
    gridTemplateColumns: '14rem minmax(0, 1fr)',
    gridTemplateRows: 'auto 1fr',
    minHeight: '100vh',
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)', gridTemplateRows: 'auto auto 1fr' },
  },
  header: {
    gridColumn: '1 / -1',
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  navigation: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    padding: tokens.spacingHorizontalL,
    overflowWrap: 'anywhere',
    '& [aria-current="page"]': { fontWeight: tokens.fontWeightSemibold, color: tokens.colorNeutralForeground1 },
    [narrow]: { flexDirection: 'row', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalL },
  },
  group: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: tokens.spacingVerticalM,
    [narrow]: { flexDirection: 'row', flexWrap: 'wrap', columnGap: tokens.spacingHorizontalL, width: '100%' },
  },
  main: { padding: tokens.spacingHorizontalL, minWidth: 0, outlineStyle: 'none' },
  skip: {
    position: 'absolute',
    left: tokens.spacingHorizontalS,
    top: '-10rem',
    ':focus': { top: tokens.spacingVerticalS, backgroundColor: tokens.colorNeutralBackground1, zIndex: 1 },
  },
})

/** What surrounds every view: the header, the navigation, and the view of the address. */
export function AppShell() {
  const styles = useStyles()
  const session = useSession()
  const main = useFocusOfView()
  const isAsked = useSyncExternalStore(stepUpQuestion.subscribe, stepUpQuestion.isAsked)
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {texts.skip}
      </a>
      <header className={styles.header}>
        <Subtitle1>{texts.product}</Subtitle1>
        {session.data && <AccountMenu session={session.data} />}
      </header>
      <nav className={styles.navigation} aria-label={texts.navigation}>
        <Navigation />
      </nav>
      <main id="content" ref={main} className={styles.main} tabIndex={-1}>
        <Loaded query={session}>{() => <Outlet />}</Loaded>
      </main>
      {session.data && isAsked && (
        <Suspense>
          <StepUpDialog session={session.data} />
        </Suspense>
      )}
    </div>
  )
}

const identityViews = [
  { to: '/people', label: identitiesTexts.people },
  { to: '/groups', label: identitiesTexts.groups },
  { to: '/applications', label: identitiesTexts.applications },
  { to: '/managed-identities', label: identitiesTexts.managed },
  { to: '/providers', label: identitiesTexts.providers },
] as const

function Navigation() {
  const { registry } = useParams({ strict: false })
  return (
    <>
      <AppLink to="/" activeOptions={{ exact: true }}>
        {texts.home}
      </AppLink>
      <AppLink to="/audit">{operationsTexts.audit}</AppLink>
      <AppLink to="/server">{serverTexts.title}</AppLink>
      {registry !== undefined && <RegistryViews registry={registry} />}
      <Group title={identitiesTexts.navigation}>
        {identityViews.map(({ to, label }) => (
          <AppLink key={to} to={to}>
            {label}
          </AppLink>
        ))}
      </Group>
    </>
  )
}

/** The views of the registry that is open, below its name. */
function RegistryViews({ registry }: { readonly registry: string }) {
  return (
    <Group title={registry}>
      <AppLink to="/registries/$registry" params={{ registry }} activeOptions={{ exact: true }}>
        {texts.overview}
      </AppLink>
      <AppLink to="/registries/$registry/repositories" params={{ registry }}>
        {texts.repositories}
      </AppLink>
      <AppLink to="/registries/$registry/access" params={{ registry }}>
        {rightsTexts.accessControl}
      </AppLink>
      <AppLink to="/registries/$registry/keys" params={{ registry }}>
        {rightsTexts.accessKeys}
      </AppLink>
      <AppLink to="/registries/$registry/tokens" params={{ registry }}>
        {rightsTexts.tokens}
      </AppLink>
      <AppLink to="/registries/$registry/policies" params={{ registry }}>
        {operationsTexts.policies.title}
      </AppLink>
      <AppLink to="/registries/$registry/audit" params={{ registry }}>
        {operationsTexts.registryAudit}
      </AppLink>
    </Group>
  )
}

/** Links below a heading, which also screen readers announce. */
function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const styles = useStyles()
  const id = useId()
  return (
    <div className={styles.group} role="group" aria-labelledby={id}>
      <Text id={id} weight="semibold">
        {title}
      </Text>
      {children}
    </div>
  )
}

/** After a change of the view, the keyboard and the screen reader are at its beginning. */
function useFocusOfView() {
  const main = useRef<HTMLElement>(null)
  const { pathname } = useLocation()
  const last = useRef(pathname)
  useEffect(() => {
    if (last.current === pathname) return
    last.current = pathname
    main.current?.focus()
  }, [pathname])
  return main
}
