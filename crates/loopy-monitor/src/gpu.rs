//! GPUs, through NVIDIA's management library where a driver brought it.

use nvml_wrapper::{Device, Nvml as Library, enum_wrappers::device::TemperatureSensor};
use serde::{Deserialize, Serialize};

use crate::Reading;

/// One GPU.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gpu {
    /// Its place among the GPUs.
    pub index: u32,
    /// What it is called.
    pub name: Reading<String>,
    /// Bytes of memory.
    pub memory_total: Reading<u64>,
    /// Bytes of memory in use.
    pub memory_used: Reading<u64>,
    /// How busy it is, in percent.
    pub busy: Reading<u32>,
    /// How busy its video encoder is, in percent.
    pub encoder_busy: Reading<u32>,
    /// Degrees Celsius.
    pub temperature: Reading<u32>,
}

/// What tells of GPUs.
pub trait Gpus: Send {
    /// Every GPU as it is now. A machine without one has its reason; a driver without a GPU gives
    /// none.
    fn read(&mut self) -> Reading<Vec<Gpu>>;
}

/// No GPU is asked for, for this reason.
#[derive(Clone, Debug)]
pub struct NoGpus(pub String);

impl Gpus for NoGpus {
    fn read(&mut self) -> Reading<Vec<Gpu>> {
        Reading::unknown(self.0.clone())
    }
}

/// NVIDIA's management library, loaded when it is first asked, and once.
#[derive(Default)]
pub struct Nvml {
    library: Option<Result<Library, String>>,
}

impl Gpus for Nvml {
    fn read(&mut self) -> Reading<Vec<Gpu>> {
        let library = self
            .library
            .get_or_insert_with(|| Library::init().map_err(|error| reason(&error)));
        match library {
            Ok(library) => all(library),
            Err(why) => Reading::unknown(why.clone()),
        }
    }
}

fn reason(error: &nvml_wrapper::error::NvmlError) -> String {
    use nvml_wrapper::error::NvmlError;
    match error {
        NvmlError::LibloadingError(_)
        | NvmlError::LibraryNotFound
        | NvmlError::FailedToLoadSymbol(_) => {
            "no NVIDIA driver: libnvidia-ml cannot be loaded".to_owned()
        }
        NvmlError::DriverNotLoaded => "the NVIDIA driver is not loaded".to_owned(),
        NvmlError::NoPermission => "the NVIDIA driver may not be asked".to_owned(),
        error => format!("the NVIDIA driver says: {error}"),
    }
}

fn all(library: &Library) -> Reading<Vec<Gpu>> {
    match library.device_count() {
        Ok(count) => Reading::Known((0..count).map(|index| one(library, index)).collect()),
        Err(error) => Reading::unknown(reason(&error)),
    }
}

fn one(library: &Library, index: u32) -> Gpu {
    type Told<T> = Result<T, nvml_wrapper::error::NvmlError>;
    fn ask<'a, T>(
        device: &Reading<Device<'a>>,
        question: impl FnOnce(&Device<'a>) -> Told<T>,
    ) -> Reading<T> {
        match device {
            Reading::Known(device) => question(device).map_err(|error| reason(&error)).into(),
            Reading::Unknown { why } => Reading::unknown(why.clone()),
        }
    }
    let device: Reading<Device<'_>> = library
        .device_by_index(index)
        .map_err(|error| reason(&error))
        .into();
    let memory = ask(&device, Device::memory_info);
    Gpu {
        index,
        name: ask(&device, Device::name),
        memory_total: memory.clone().map(|memory| memory.total),
        memory_used: memory.map(|memory| memory.used),
        busy: ask(&device, |device| Ok(device.utilization_rates()?.gpu)),
        encoder_busy: ask(&device, |device| {
            Ok(device.encoder_utilization()?.utilization)
        }),
        temperature: ask(&device, |device| device.temperature(TemperatureSensor::Gpu)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_without_a_driver_says_so_and_one_with_it_names_its_gpus() {
        let mut gpus = Nvml::default();
        let (first, second) = (gpus.read(), gpus.read());
        if let (Reading::Known(gpus), Reading::Known(again)) = (&first, &second) {
            assert_eq!(gpus.len(), again.len());
            for gpu in gpus {
                assert!(gpu.name.known().is_some() && gpu.memory_total.known().is_some());
            }
        } else {
            assert!(first.why().unwrap().contains("NVIDIA"), "{first:?}");
            assert_eq!(first, second);
        }
    }
}
