import { makeStyles, tokens } from '@fluentui/react-components'
import { useLocation } from '@tanstack/react-router'
import { type ReactNode, Suspense, lazy, useEffect, useRef, useState, useSyncExternalStore } from 'react'
import { signInQuestion } from '../../api/sign-in-question.ts'
import { useSession } from '../../api/use-session.ts'
import { Loaded } from '../elements/loaded.tsx'
import { texts } from '../texts/texts.ts'
import { CommandPanel } from './command-panel.tsx'
import { ConnectionBanner } from './connection-banner.tsx'
import { useCurrentRegistry } from './current-registry.ts'
import { DoneView } from './done-view.tsx'
import { Drawer } from './drawer.tsx'
import { Header } from './header.tsx'
import { Navigation, narrow } from './navigation.tsx'
import { Palette } from './palette.tsx'
import { useKeys } from './use-keys.ts'

/** Loaded when they are first needed, so that the first view does not include them. */
const SignInDialog = lazy(async () => ({ default: (await import('./sign-in-dialog.tsx')).SignInDialog }))
const KeyList = lazy(async () => ({ default: (await import('./key-list.tsx')).KeyList }))

const useStyles = makeStyles({
  shell: {
    display: 'grid',
    gridTemplateColumns: '208px minmax(0, 1fr) auto',
    gridTemplateRows: 'auto 1fr',
    minHeight: '100vh',
    [narrow]: { gridTemplateColumns: 'minmax(0, 1fr)', gridTemplateRows: 'auto 1fr auto' },
  },
  navigation: {
    position: 'sticky',
    top: '48px',
    height: 'calc(100vh - 48px)',
    boxSizing: 'border-box',
    overflowY: 'auto',
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground2,
    [narrow]: { display: 'none' },
  },
  main: {
    padding: `${tokens.spacingVerticalM} ${tokens.spacingHorizontalXXL} ${tokens.spacingVerticalXL}`,
    minWidth: 0,
    outlineStyle: 'none',
    [narrow]: { padding: tokens.spacingHorizontalL },
  },
  skip: {
    position: 'absolute',
    left: tokens.spacingHorizontalS,
    top: '-10rem',
    ':focus': { top: tokens.spacingVerticalS, backgroundColor: tokens.colorNeutralBackground1, zIndex: 3 },
  },
})

/** What is open over the view. */
type Opened = 'drawer' | 'palette' | 'keys'

/** The frame around every view: the header, the navigation, the view of the address, and its commands. */
export function AppShell({ children }: { readonly children: ReactNode }) {
  const styles = useStyles()
  const session = useSession()
  const main = useFocusOfView()
  const reason = useSyncExternalStore(signInQuestion.subscribe, signInQuestion.reason)
  const [opened, setOpened] = useState<Opened>()
  const close = () => setOpened(undefined)
  const { name: registry, abilities } = useCurrentRegistry()
  useKeys({ registry, abilities, onPalette: () => setOpened('palette'), onList: () => setOpened('keys') })
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {texts.skip}
      </a>
      <Header
        session={session.data}
        registry={registry}
        abilities={abilities}
        onMenu={() => setOpened('drawer')}
        onSearch={() => setOpened('palette')}
        onKeys={() => setOpened('keys')}
      />
      <div className={styles.navigation}>
        <Navigation registry={registry} abilities={abilities} />
      </div>
      <main id="content" ref={main} className={styles.main} tabIndex={-1}>
        <ConnectionBanner />
        <DoneView />
        <Loaded query={session}>{() => children}</Loaded>
      </main>
      <CommandPanel />
      {opened === 'drawer' && (
        <Drawer onClose={close}>
          <Navigation registry={registry} abilities={abilities} />
        </Drawer>
      )}
      <Suspense>
        {opened === 'keys' && <KeyList onClose={close} />}
        {opened === 'palette' && <Palette registry={registry} abilities={abilities} onClose={close} />}
        {session.data && reason && <SignInDialog session={session.data} reason={reason} />}
      </Suspense>
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
