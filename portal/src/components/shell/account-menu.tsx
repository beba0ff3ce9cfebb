import {
  Button,
  Menu,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuItemLink,
  MenuItemCheckbox,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { goToSignIn } from '../../api/client.ts'
import { type Session, signOut } from '../../api/use-session.ts'
import { Name } from '../elements/name.tsx'
import { setSingleKeys, useSingleKeys } from '../elements/single-keys.ts'
import { texts } from '../texts/texts.ts'
import { visibleName } from '../texts/visible-name.ts'
import { initialsOf } from './initials.ts'
import { type ThemeName, themeNames, useTheme } from './theme.tsx'

const useStyles = makeStyles({
  button: { minWidth: '44px', height: '44px', padding: 0 },
  initials: {
    display: 'grid',
    placeItems: 'center',
    width: '28px',
    height: '28px',
    borderRadius: '50%',
    fontSize: tokens.fontSizeBase100,
    fontWeight: tokens.fontWeightBold,
    color: '#ffffff',
    backgroundColor: '#0b5a54',
    // As a picture: the text of the button is its name.
    '::before': { content: 'attr(data-initials)' },
    // Visible in high contrast only.
    border: `1px solid ${tokens.colorTransparentStroke}`,
  },
})

/** The menu of the signed-in person: account, theme, sign-out. */
export function AccountMenu({ session }: { readonly session: Session }) {
  const styles = useStyles()
  const { name, choose } = useTheme()
  const hasSingleKeys = useSingleKeys()
  const { displayName, userPrincipalName } = session.person
  return (
    <Menu
      checkedValues={{ theme: [name], keys: hasSingleKeys ? ['single'] : [] }}
      onCheckedValueChange={(_event, { name: changed, checkedItems }) => {
        if (changed === 'keys') setSingleKeys(checkedItems.length > 0)
        else choose((checkedItems[0] ?? 'system') as ThemeName)
      }}
    >
      <MenuTrigger disableButtonEnhancement>
        <Button
          className={styles.button}
          appearance="transparent"
          aria-label={`${texts.menu.account} ${visibleName(displayName)}`}
        >
          <span className={styles.initials} data-initials={initialsOf(displayName)} aria-hidden />
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>
              <Name>{displayName}</Name>
              <br />
              {userPrincipalName}
            </MenuGroupHeader>
            <MenuItemLink href="/account/security">{texts.menu.myAccount}</MenuItemLink>
            <MenuItem onClick={() => goToSignIn('switch')}>{texts.menu.switchAccount}</MenuItem>
            <MenuItem onClick={() => void signOut(false)}>{texts.menu.signOut}</MenuItem>
            <MenuItem onClick={() => void signOut(true)}>{texts.menu.signOutEverywhere}</MenuItem>
          </MenuGroup>
          <MenuDivider />
          <MenuGroup>
            <MenuGroupHeader>{texts.menu.theme}</MenuGroupHeader>
            {themeNames.map((theme) => (
              <MenuItemRadio key={theme} name="theme" value={theme}>
                {texts.themes[theme]}
              </MenuItemRadio>
            ))}
          </MenuGroup>
          <MenuDivider />
          <MenuItemCheckbox name="keys" value="single">
            {texts.keys.single}
          </MenuItemCheckbox>
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
