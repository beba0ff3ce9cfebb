import { Caption1Strong, Link, makeStyles, mergeClasses, tokens } from '@fluentui/react-components'
import { useLocation } from '@tanstack/react-router'
import { type ReactNode, useId } from 'react'
import type { Abilities } from '../../api/abilities.ts'
import { AppLink } from '../elements/app-link.tsx'
import { Name } from '../elements/name.tsx'
import { texts } from '../texts/texts.ts'
import { type NavigationGroup, type NavigationRow, navigationGroups, visibleRows } from './navigation-table.tsx'

/** Screens on which the navigation is a drawer. */
export const narrow = '@media (max-width: 720px)'

const useStyles = makeStyles({
  navigation: {
    display: 'flex',
    flexDirection: 'column',
    rowGap: '2px',
    padding: `${tokens.spacingVerticalS} ${tokens.spacingHorizontalS}`,
    overflowWrap: 'anywhere',
  },
  group: { display: 'flex', flexDirection: 'column', rowGap: '2px' },
  title: {
    color: tokens.colorNeutralForeground2,
    padding: `${tokens.spacingVerticalM} 10px ${tokens.spacingVerticalXS}`,
  },
  link: {
    position: 'relative',
    display: 'flex',
    alignItems: 'center',
    columnGap: '10px',
    minHeight: '30px',
    boxSizing: 'border-box',
    padding: `${tokens.spacingVerticalXXS} 10px`,
    borderRadius: tokens.borderRadiusMedium,
    color: tokens.colorNeutralForeground1,
    ':hover': {
      backgroundColor: tokens.colorNeutralBackground2Hover,
      color: tokens.colorNeutralForeground1,
      textDecorationLine: 'none',
    },
    '& svg': { width: '18px', height: '18px', flexShrink: 0 },
    ':focus-visible': { outline: `2px solid ${tokens.colorStrokeFocus2}` },
    [narrow]: { minHeight: '44px' },
  },
  selected: {
    backgroundColor: tokens.colorNeutralBackground3Selected,
    fontWeight: tokens.fontWeightSemibold,
    '::before': {
      content: '""',
      position: 'absolute',
      left: 0,
      top: '8px',
      bottom: '8px',
      width: '3px',
      borderRadius: '2px',
      backgroundColor: tokens.colorCompoundBrandStroke,
    },
  },
})

type NavigationProps = { readonly registry: string | undefined; readonly abilities: Abilities | undefined }

/** Links to the views that the person can use. */
export function Navigation({ registry, abilities }: NavigationProps) {
  const styles = useStyles()
  const rows = visibleRows(abilities)
  return (
    <nav className={styles.navigation} aria-label={texts.navigation}>
      {navigationGroups.map((group) => {
        const ofGroup = rows.filter((row) => row.group === group)
        if (ofGroup.length === 0) return null
        const links = ofGroup.map((row) => <RowLink key={row.label} row={row} registry={registry} />)
        const title = titleOf(group, registry)
        return title === undefined ? (
          links
        ) : (
          <Group key={group} title={title}>
            {links}
          </Group>
        )
      })}
    </nav>
  )
}

function titleOf(group: NavigationGroup, registry: string | undefined): string | undefined {
  if (group === 'home') return undefined
  return group === 'registry' ? registry : texts.navigationView.groups[group]
}

function RowLink({ row, registry = '' }: { readonly row: NavigationRow; readonly registry: string | undefined }) {
  const styles = useStyles()
  const { pathname } = useLocation()
  const { to, href, icon, label } = row
  const content = (
    <>
      {icon}
      {label}
    </>
  )
  if (to === undefined) {
    return (
      <Link className={styles.link} href={href}>
        {content}
      </Link>
    )
  }
  const isSelected = isSelectedAt(row, registry, pathname)
  return (
    <AppLink
      className={mergeClasses(styles.link, isSelected && styles.selected)}
      to={to}
      params={{ registry }}
      activeOptions={{ exact: true }}
      {...(isSelected && { 'aria-current': 'page' as const })}
    >
      {content}
    </AppLink>
  )
}

/** Whether a row is selected at an address below `/portal`. */
export function isSelectedAt({ to, exact, also }: NavigationRow, registry: string, pathname: string): boolean {
  if (to === undefined) return false
  const own = to.replace('$registry', registry)
  if (pathname === own) return true
  if (also !== undefined && new RegExp(`^/r/[^/]+${also}`).test(pathname)) return true
  return exact !== true && pathname.startsWith(`${own}/`)
}

/** Links below a heading, which also screen readers announce. */
function Group({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  const styles = useStyles()
  const id = useId()
  return (
    <div className={styles.group} role="group" aria-labelledby={id}>
      <Caption1Strong id={id} className={styles.title}>
        <Name>{title}</Name>
      </Caption1Strong>
      {children}
    </div>
  )
}
