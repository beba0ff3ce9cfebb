import {
  Menu,
  MenuButton,
  MenuDivider,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuItemLink,
  MenuItemRadio,
  MenuList,
  MenuPopover,
  MenuTrigger,
} from '@fluentui/react-components'
import { goToSignIn } from '../../api/client.ts'
import { type Session, signOut } from '../../api/use-session.ts'
import { Name } from '../elements/name.tsx'
import { texts } from '../texts/texts.ts'
import { visibleName } from '../texts/visible-name.ts'
import { type ThemeName, themeNames, useTheme } from './theme.tsx'

/** The menu of the signed-in person: account, theme, sign-out. */
export function AccountMenu({ session }: { readonly session: Session }) {
  const { name, choose } = useTheme()
  const { displayName, userPrincipalName } = session.person
  return (
    <Menu
      checkedValues={{ theme: [name] }}
      onCheckedValueChange={(_event, { checkedItems }) => choose((checkedItems[0] ?? 'system') as ThemeName)}
    >
      <MenuTrigger disableButtonEnhancement>
        <MenuButton appearance="subtle" aria-label={`${texts.menu.account} ${visibleName(displayName)}`}>
          <Name>{displayName}</Name>
        </MenuButton>
      </MenuTrigger>
      <MenuPopover>
        <MenuList>
          <MenuGroup>
            <MenuGroupHeader>{userPrincipalName}</MenuGroupHeader>
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
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
