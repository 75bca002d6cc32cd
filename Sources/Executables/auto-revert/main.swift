import AutoRevert
import StepRuntime

await StepMain<RevertCommand>.main()
