import {
  Button,
  Menu,
  MenuGroup,
  MenuGroupHeader,
  MenuItem,
  MenuList,
  MenuPopover,
  MenuTrigger,
  makeStyles,
  tokens,
} from '@fluentui/react-components'
import { BoxRegular, ChevronDownRegular } from '@fluentui/react-icons'
import { useNavigate } from '@tanstack/react-router'
import type { Abilities } from '../../api/abilities.ts'
import type { NamedRegistry } from '../../api/use-session.ts'
import { Name } from '../elements/name.tsx'
import { texts } from '../texts/texts.ts'
import { recentRegistries } from './current-registry.ts'
import { narrow } from './navigation.tsx'

const useStyles = makeStyles({
  button: {
    justifyContent: 'flex-start',
    minWidth: 0,
    flexShrink: 1,
    height: '32px',
    [narrow]: {
      borderTopColor: 'transparent',
      borderRightColor: 'transparent',
      borderBottomColor: 'transparent',
      borderLeftColor: 'transparent',
      paddingLeft: tokens.spacingHorizontalXS,
    },
  },
  name: { overflow: 'hidden', textOverflow: 'ellipsis', whiteSpace: 'nowrap' },
  host: {
    overflow: 'hidden',
    textOverflow: 'ellipsis',
    whiteSpace: 'nowrap',
    fontWeight: tokens.fontWeightRegular,
    fontSize: tokens.fontSizeBase200,
    color: tokens.colorNeutralForeground2,
    paddingLeft: tokens.spacingHorizontalS,
    [narrow]: { display: 'none' },
  },
  item: { fontSize: tokens.fontSizeBase200, color: tokens.colorNeutralForeground2 },
  list: { maxHeight: '60vh', overflowY: 'auto' },
})

type SwitcherProps = { readonly name: string | undefined; readonly abilities: Abilities | undefined }

/** The registry of the navigation, and the others that the person can use. */
export function RegistrySwitcher({ name, abilities }: SwitcherProps) {
  const styles = useStyles()
  const navigate = useNavigate()
  const usable = abilities?.registries.usable ?? []
  const current = usable.find((registry) => registry.name === name)
  const recent = recentRegistries.read().flatMap((each) => usable.filter((registry) => registry.name === each))
  const open = (registry: string) => void navigate({ to: '/r/$registry/repositories', params: { registry } })
  const items = (registries: readonly NamedRegistry[]) =>
    registries.map((registry) => (
      <MenuItem
        key={registry.name}
        secondaryContent={<span className={styles.item}>{registry.loginServer}</span>}
        onClick={() => open(registry.name)}
      >
        <Name>{registry.name}</Name>
      </MenuItem>
    ))
  return (
    <Menu>
      <MenuTrigger disableButtonEnhancement>
        <Button className={styles.button} icon={<BoxRegular />}>
          <span className={styles.name}>
            <Name>{name ?? texts.header.noRegistry}</Name>
          </span>
          <span className={styles.host}>{current?.loginServer}</span>
          <ChevronDownRegular />
        </Button>
      </MenuTrigger>
      <MenuPopover>
        <MenuList className={styles.list}>
          {usable.length > recent.length && recent.length > 0 && (
            <MenuGroup>
              <MenuGroupHeader>{texts.header.recent}</MenuGroupHeader>
              {items(recent)}
            </MenuGroup>
          )}
          <MenuGroup>
            <MenuGroupHeader>{texts.header.registries}</MenuGroupHeader>
            {usable.length === 0 ? <MenuItem disabled>{texts.header.noRegistries}</MenuItem> : items(usable)}
          </MenuGroup>
        </MenuList>
      </MenuPopover>
    </Menu>
  )
}
