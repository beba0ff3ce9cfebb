import { Button, makeStyles, tokens } from '@fluentui/react-components'
import { DismissRegular } from '@fluentui/react-icons'
import { useLocation } from '@tanstack/react-router'
import { type ReactNode, useEffect, useRef } from 'react'
import { useReturnOfFocus } from '../elements/use-return-of-focus.ts'
import { texts } from '../texts/texts.ts'
import { ProductName } from './product-mark.tsx'

const useStyles = makeStyles({
  drawer: {
    boxSizing: 'border-box',
    width: '300px',
    maxWidth: '100vw',
    height: '100dvh',
    maxHeight: 'none',
    margin: 0,
    padding: tokens.spacingHorizontalS,
    border: 'none',
    borderRight: `1px solid ${tokens.colorNeutralStroke2}`,
    color: tokens.colorNeutralForeground1,
    backgroundColor: tokens.colorNeutralBackground2,
    overflowY: 'auto',
    '::backdrop': { backgroundColor: tokens.colorBackgroundOverlay },
  },
  head: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'space-between',
    minHeight: '44px',
    paddingLeft: tokens.spacingHorizontalS,
  },
  close: { minWidth: '44px', minHeight: '44px' },
})

type DrawerProps = { readonly onClose: () => void; readonly children: ReactNode }

/** The navigation on a phone. The focus stays in it until it is closed, which a link does, too. */
export function Drawer({ onClose, children }: DrawerProps) {
  const styles = useStyles()
  const drawer = useRef<HTMLDialogElement>(null)
  const { pathname } = useLocation()
  const opened = useRef(pathname)
  useReturnOfFocus()
  useEffect(() => drawer.current?.showModal(), [])
  useEffect(() => {
    if (pathname !== opened.current) onClose()
  }, [pathname, onClose])
  return (
    <dialog
      ref={drawer}
      className={styles.drawer}
      aria-label={texts.navigation}
      onClose={onClose}
      // Only a click beside the content has the dialog itself as its target.
      onClick={({ target }) => target === drawer.current && onClose()}
    >
      <div className={styles.head}>
        <ProductName />
        <Button
          className={styles.close}
          appearance="subtle"
          icon={<DismissRegular />}
          aria-label={texts.close}
          onClick={onClose}
        />
      </div>
      {children}
    </dialog>
  )
}
