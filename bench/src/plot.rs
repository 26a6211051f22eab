//! The curves by which a memory size is chosen, as SVG.

use std::error::Error;

use plotters::prelude::{
    ChartBuilder, Color as _, IntoDrawingArea as _, IntoLogRange as _, LineSeries, PathElement,
    RGBColor, SVGBackend, WHITE,
};

use crate::report::{Report, Speed, Wire, milliseconds};

const COLOURS: [RGBColor; 3] = [
    RGBColor(0x1f, 0x77, 0xb4),
    RGBColor(0xd6, 0x27, 0x28),
    RGBColor(0x7f, 0x7f, 0x7f),
];

/// Time to the first answer over the memory size, in milliseconds, on logarithmic scales.
pub fn draw(report: &Report) -> Result<String, Box<dyn Error>> {
    let mut svg = String::new();
    {
        let area = SVGBackend::with_string(&mut svg, (720, 360)).into_drawing_area();
        area.fill(&WHITE)?;
        let mut chart = ChartBuilder::on(&area)
            .caption("From process start to the answer, cold", ("sans-serif", 18))
            .margin(12)
            .x_label_area_size(40)
            .y_label_area_size(50)
            .build_cartesian_2d((120_u32..1_100).log_scale(), (1_f64..100.0).log_scale())?;
        chart
            .configure_mesh()
            .x_desc("memory size, MB")
            .y_desc("ms")
            .x_label_formatter(&|memory| memory.to_string())
            .draw()?;
        for (wire, colour) in [Wire::Tls, Wire::Plain, Wire::Empty]
            .into_iter()
            .zip(COLOURS)
        {
            let points = report.speeds().into_iter().filter_map(|speed| {
                let Speed::Share(memory) = speed else {
                    return None;
                };
                let medians = report.medians(wire, speed)?;
                Some((
                    u32::try_from(memory).ok()?,
                    milliseconds(medians.first_answer),
                ))
            });
            chart
                .draw_series(LineSeries::new(points, colour.stroke_width(2)).point_size(3))?
                .label(wire.name())
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2))
                });
        }
        chart
            .configure_series_labels()
            .background_style(WHITE.mix(0.8))
            .border_style(COLOURS[2])
            .draw()?;
        area.present()?;
    }
    Ok(svg)
}
