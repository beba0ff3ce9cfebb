import {
  Button,
  Menu,
  MenuItem,
  MenuItemLink,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { NavigationRegular, QuestionCircleRegular, SearchRegular } from '@fluentui/react-icons'
import type { Abilities } from '../../api/abilities.ts'
import type { Session } from '../../api/use-session.ts'
import { AppLink } from '../elements/app-link.tsx'
import { texts } from '../texts/texts.ts'
import { AccountMenu } from './account-menu.tsx'
import { narrow } from './navigation.tsx'
import { ProductMark, ProductName } from './product-mark.tsx'
import { RegistrySwitcher } from './registry-switcher.tsx'

const wide = '@media (min-width: 720.1px)'

const useStyles = makeStyles({
  header: {
    gridColumn: '1 / -1',
    position: 'sticky',
    top: 0,
    zIndex: 2,
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    height: '48px',
    boxSizing: 'border-box',
    padding: `0 ${tokens.spacingHorizontalM}`,
    borderBottom: `1px solid ${tokens.colorNeutralStroke2}`,
    backgroundColor: tokens.colorNeutralBackground1,
    [narrow]: { columnGap: tokens.spacingHorizontalXS, padding: `0 ${tokens.spacingHorizontalXS}` },
  },
  place: {
    display: 'flex',
    alignItems: 'center',
    columnGap: tokens.spacingHorizontalM,
    flex: '1 1 0',
    minWidth: 0,
    [narrow]: { columnGap: tokens.spacingHorizontalXS },
  },
  side: {
    display: 'flex',
    alignItems: 'center',
    justifyContent: 'flex-end',
    columnGap: tokens.spacingHorizontalXS,
    flex: '1 0 0',
    [narrow]: { flexGrow: 0 },
  },
  product: {
    color: tokens.colorNeutralForeground1,
    ':hover': { color: tokens.colorNeutralForeground1, textDecorationLine: 'none' },
  },
  search: {
    flex: '0 1 520px',
    minWidth: 0,
    justifyContent: 'flex-start',
    fontWeight: tokens.fontWeightRegular,
    color: tokens.colorNeutralForeground2,
    backgroundColor: tokens.colorNeutralBackground2,
    whiteSpace: 'nowrap',
    [narrow]: { display: 'none' },
  },
  searchText: { flexGrow: 1, textAlign: 'left', overflow: 'hidden', textOverflow: 'ellipsis' },
  key: {
    padding: '1px 6px',
    border: `1px solid ${tokens.colorNeutralStroke1}`,
    borderRadius: tokens.borderRadiusSmall,
    backgroundColor: tokens.colorNeutralBackground1,
    fontSize: tokens.fontSizeBase100,
  },
  onlyNarrow: { [wide]: { display: 'none' }, minWidth: '44px', minHeight: '44px' },
  onlyWide: { [narrow]: { display: 'none' } },
  mark: { display: 'flex', [wide]: { display: 'none' } },
})

type HeaderProps = {
  readonly session: Session | undefined
  readonly registry: string | undefined
  readonly abilities: Abilities | undefined
  readonly onMenu: () => void
  readonly onSearch: () => void
  readonly onKeys: () => void
}

/** The product, the registry, the search, help and the account. */
export function Header({ session, registry, abilities, onMenu, onSearch, onKeys }: HeaderProps) {
  const styles = useStyles()
  return (
    <header className={styles.header}>
      <div className={styles.place}>
        <Button
          className={styles.onlyNarrow}
          appearance="subtle"
          icon={<NavigationRegular />}
          aria-label={texts.navigationView.menu}
          onClick={onMenu}
        />
        <AppLink className={styles.product} to="/" aria-label={texts.product}>
          <span className={styles.onlyWide}>
            <ProductName />
          </span>
          <span className={styles.mark}>
            <ProductMark />
          </span>
        </AppLink>
        {abilities !== undefined && <RegistrySwitcher name={registry} abilities={abilities} />}
      </div>
      <Button className={styles.search} icon={<SearchRegular />} aria-keyshortcuts="Control+K" onClick={onSearch}>
        <span className={styles.searchText}>{texts.header.search}</span>
        <kbd className={styles.key} aria-hidden>
          Ctrl K
        </kbd>
      </Button>
      <div className={styles.side}>
        <Button
          className={styles.onlyNarrow}
          appearance="subtle"
          icon={<SearchRegular />}
          aria-label={texts.header.searchShort}
          onClick={onSearch}
        />
        <span className={styles.onlyWide}>
          <HelpMenu onKeys={onKeys} />
        </span>
        {session && <AccountMenu session={session} />}
      </div>
    </header>
  )
}

function HelpMenu({ onKeys }: { readonly onKeys: () => void }) {
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button appearance="subtle" icon={<QuestionCircleRegular />} aria-label={texts.header.help} />
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuItemLink href="/docs/" target="_blank">
            {texts.header.documentation}
          </MenuItemLink>
          <MenuItem onClick={onKeys}>{texts.header.keys}</MenuItem>
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
