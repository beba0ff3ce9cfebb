import { Subtitle1, makeStyles, tokens } from '@fluentui/react-components'
import { useLocation } from '@tanstack/react-router'
import { type ReactNode, Suspense, lazy, useEffect, useRef, useSyncExternalStore } from 'react'
import { signInQuestion } from '../../api/sign-in-question.ts'
import { useSession } from '../../api/use-session.ts'
import { Loaded } from '../elements/loaded.tsx'
import { texts } from '../texts/texts.ts'
import { ConnectionBanner } from './connection-banner.tsx'
import { DoneView } from './done-view.tsx'
import { AccountMenu } from './account-menu.tsx'
import { Navigation, narrow } from './navigation.tsx'
import { ProductMark } from './product-mark.tsx'

/** Loaded when it is first needed, so that the first view does not include it. */
const SignInDialog = lazy(async () => ({ default: (await import('./sign-in-dialog.tsx')).SignInDialog }))

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
    // As high as with the account menu, which appears later.
    minHeight: '3rem',
    boxSizing: 'border-box',
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalL}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke1}`,
  },
  product: { display: 'flex', alignItems: 'center', columnGap: tokens.spacingHorizontalS },
  main: {
    padding: `${tokens.spacingVerticalXL} ${tokens.spacingHorizontalXXXL}`,
    minWidth: 0,
    maxWidth: '80rem',
    outlineStyle: 'none',
    [narrow]: { padding: tokens.spacingHorizontalL },
  },
  skip: {
    position: 'absolute',
    left: tokens.spacingHorizontalS,
    top: '-10rem',
    ':focus': { top: tokens.spacingVerticalS, backgroundColor: tokens.colorNeutralBackground1, zIndex: 1 },
  },
})

/** The frame around every view: the header, the navigation, and the view of the address. */
export function AppShell({ children }: { readonly children: ReactNode }) {
  const styles = useStyles()
  const session = useSession()
  const main = useFocusOfView()
  const reason = useSyncExternalStore(signInQuestion.subscribe, signInQuestion.reason)
  return (
    <div className={styles.shell}>
      <a className={styles.skip} href="#content">
        {texts.skip}
      </a>
      <header className={styles.header}>
        <div className={styles.product}>
          <ProductMark />
          <Subtitle1>{texts.product}</Subtitle1>
        </div>
        {session.data && <AccountMenu session={session.data} />}
      </header>
      <Navigation />
      <main id="content" ref={main} className={styles.main} tabIndex={-1}>
        <ConnectionBanner />
        <DoneView />
        <Loaded query={session}>{() => children}</Loaded>
      </main>
      {session.data && reason && (
        <Suspense>
          <SignInDialog session={session.data} reason={reason} />
        </Suspense>
      )}
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
