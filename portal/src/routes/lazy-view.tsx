import { type ComponentType, type ReactNode, use } from 'react'
import { type ApiError, unreachable } from '../api/client.ts'

/** Loads the file of a view, which exports the component by this name. */
export type Load<Name extends string> = () => Promise<Readonly<Record<Name, ComponentType>>>

/** A view whose file is loaded when the view is first opened, or before. */
export type LazyView = (() => ReactNode) & { readonly preload: () => Promise<void> }

/** React renders a view that failed more than once. The file is loaded again when the view is opened later than that. */
const failedForMs = 500

/**
 * Creates a view whose file is loaded later. If the file cannot be loaded, the view fails as a request does, and is loaded again when
 * it is opened again. The page is never reloaded, because a reload loses what was typed.
 */
export function lazyView<Name extends string>(load: Load<Name>, name: Name): LazyView {
  let component: ComponentType | undefined
  let loading: Promise<void> | undefined
  let failedAtMs = -Infinity
  let failure: ApiError | undefined
  async function loadFile(): Promise<void> {
    try {
      component = (await load())[name]
    } catch {
      loading = undefined
      failedAtMs = performance.now()
      failure = unreachable()
    }
  }
  const preload = () => (loading ??= loadFile())
  function View() {
    if (component === undefined) {
      if (failure !== undefined && performance.now() - failedAtMs < failedForMs) throw failure
      use(preload())
    }
    const Loaded = component
    return Loaded && <Loaded />
  }
  return Object.assign(View, { preload })
}
