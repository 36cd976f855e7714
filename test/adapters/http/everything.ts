import type { HttpOptions } from '../../../src/adapters/http/server.js'

type Controls = Pick<HttpOptions, 'control' | 'configuration' | 'learning' | 'models' | 'views' | 'backtests'>

/** Everything a daemon lets be asked, with nothing behind it. @param called each call, such as `learning.train` */
export function everything(called: string[]): Required<Controls> {
  const views = { ...recorder('views', called), series: recorder('series', called) }
  return {
    control: recorder('control', called),
    configuration: recorder('configuration', called),
    learning: recorder('learning', called),
    models: recorder('models', called),
    backtests: recorder('backtests', called),
    views,
  } as unknown as Required<Controls>
}

/** Notes what is called of it, and answers with nothing of the kind. */
function recorder(name: string, called: string[]): object {
  return new Proxy(
    {},
    {
      get: (_, method) => () => {
        called.push(`${name}.${String(method)}`)
        if (method === 'pipelines') return []
        return method === 'configuration' ? {} : undefined
      },
    },
  )
}
