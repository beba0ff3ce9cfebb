import {
  FluentProvider,
  type Theme,
  teamsHighContrastTheme,
  webDarkTheme,
  webLightTheme,
} from '@fluentui/react-components'
import { type ReactNode, createContext, useContext, useEffect, useMemo, useState } from 'react'

export const themeNames = ['system', 'light', 'dark', 'contrast'] as const
export type ThemeName = (typeof themeNames)[number]

const storageKey = 'acrux-theme'
const fontFamilyBase = "'Segoe UI', -apple-system, BlinkMacSystemFont, 'Helvetica Neue', Arial, sans-serif"

const themes: Readonly<Record<Exclude<ThemeName, 'system'>, Theme>> = {
  light: { ...webLightTheme, fontFamilyBase },
  dark: { ...webDarkTheme, fontFamilyBase },
  contrast: { ...teamsHighContrastTheme, fontFamilyBase },
}

type Choice = { readonly name: ThemeName; readonly choose: (name: ThemeName) => void }
const ThemeContext = createContext<Choice>({ name: 'system', choose: () => {} })

/** The chosen theme, and a function that changes it. */
export const useTheme = () => useContext(ThemeContext)

/** Applies the theme that the person chose on this device. */
export function ThemeProvider({ children }: { readonly children: ReactNode }) {
  const [name, setName] = useState<ThemeName>(storedTheme)
  const isDark = useMedia('(prefers-color-scheme: dark)')
  const effective = name === 'system' ? (isDark ? 'dark' : 'light') : name
  useEffect(() => {
    document.documentElement.style.colorScheme = effective === 'light' ? 'light' : 'dark'
  }, [effective])
  useEffect(() => rememberTheme(name), [name])
  const choice = useMemo(
    () => ({
      name,
      choose: (next: ThemeName) => {
        localStorage.setItem(storageKey, next)
        setName(next)
      },
    }),
    [name],
  )
  return (
    <ThemeContext.Provider value={choice}>
      <FluentProvider theme={themes[effective]}>{children}</FluentProvider>
    </ThemeContext.Provider>
  )
}

/** The sign-in and account pages, which have no script, read the theme from a cookie. */
function rememberTheme(name: ThemeName): void {
  const maxAge = name === 'system' ? 0 : 365 * 24 * 60 * 60
  const secure = location.protocol === 'https:' ? '; secure' : ''
  document.cookie = `${storageKey}=${name}; path=/; max-age=${maxAge}; samesite=lax${secure}`
}

function storedTheme(): ThemeName {
  const stored = localStorage.getItem(storageKey)
  return themeNames.find((name) => name === stored) ?? 'system'
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches)
  useEffect(() => {
    const list = matchMedia(query)
    const update = () => setMatches(list.matches)
    list.addEventListener('change', update)
    return () => list.removeEventListener('change', update)
  }, [query])
  return matches
}
