import DiffGate
import StepRuntime

await StepMain<DiffGateCommand>.main()
