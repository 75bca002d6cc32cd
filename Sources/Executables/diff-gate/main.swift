import DiffGate
import StepCommand

await StepMain<DiffGateCommand>.main()
