import type { ConfigControl, HoldOutcome } from '../../ports/control/config.js'
import type { FrontDesk } from '../start-daemon.js'
import type { Reloader } from './reloader.js'

/** What HTTP sees of the configuration. */
export class ConfigDesk implements ConfigControl {
  constructor(
    private readonly reloader: Reloader,
    private readonly desk: FrontDesk,
  ) {}

  configuration(): ReturnType<ConfigControl['configuration']> {
    return this.reloader.status()
  }

  state(): ReturnType<ConfigControl['state']> {
    return this.reloader.state
  }

  plan(...what: Parameters<ConfigControl['plan']>): ReturnType<ConfigControl['plan']> {
    return this.reloader.plan(...what)
  }

  reload(): ReturnType<ConfigControl['reload']> {
    return this.reloader.reload('request')
  }

  hold(pipeline: string, held: boolean): Promise<HoldOutcome> {
    const { daemon, waitingFor } = this.desk
    return daemon?.hold(pipeline, held) ?? Promise.resolve({ kind: 'not-possible', why: waitingFor })
  }
}
