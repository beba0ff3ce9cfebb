import { createRegistered } from './registered.ts'

/** Something that the person can do in the view. */
export type PageAction = { readonly label: string; readonly act: () => void }

const registered = createRegistered<PageAction>()

/** Offers actions in the palette while the component is shown. */
export const useActions: (actions: readonly PageAction[]) => void = registered.useRegister

/** The actions of the views that are shown. */
export const useShownActions: () => readonly PageAction[] = registered.useItems
